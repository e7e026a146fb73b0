// How bytes are received and sent, as recv(2) and send(2) name it.

export const MSG_DONTWAIT = 0x40;
export const MSG_MORE = 0x8000;
const MSG_NOSIGNAL = 0x4000;
/** Of everything that is sent here. */
export const SEND_FLAGS = MSG_DONTWAIT | MSG_NOSIGNAL;
