// What may become true of a descriptor, as epoll_ctl(2) names it.

export const READABLE = 0x0001;
export const WRITABLE = 0x0004;
/** Urgent data is among what is there, or just behind it (MSG_OOB of send(2)). */
export const URGENT = 0x0002;
export const ERROR = 0x0008;
const HANG_UP = 0x0010;
export const PEER_ENDED = 0x2000;
export const EDGES_ONLY = 0x8000_0000;
/** Nothing more will come than what is there. */
export const ENDING = ERROR | HANG_UP | PEER_ENDED;
