"""What the front's `load` message says, with types (docs/protocol.md section 2)."""

from __future__ import annotations

from typing import Any, NamedTuple

from .loader import ApplicationName


class Settings(NamedTuple):
    application: ApplicationName
    # auto, on, off
    preload: str
    threads: int
    channel_path: str
    private_directory: str
    max_workers: int
    soft_file_limit: int | None
    graceful_seconds: float
    is_multiprocess: bool
    version: str
    # --reload: tell the front which files were imported.
    is_watched: bool
    # --debug: show tracebacks to clients.
    shows_tracebacks: bool
    # Where standard output and error are brought; None: they are the front's own.
    output_path: str | None = None
    # Where our own reports alone are brought; None: with the streams.
    reports_path: str | None = None


def settings_of(load: dict[str, Any]) -> Settings:
    name = ApplicationName(
        load["directory"],
        load["module"],
        load["callable"] or "",
        tuple(load.get("pythonPath", ())),
    )
    return Settings(
        application=name,
        preload=load["preload"],
        threads=load["threads"],
        channel_path=load["channelPath"],
        private_directory=load["privateDirectory"],
        max_workers=load["maxWorkers"],
        soft_file_limit=load["softFileLimit"],
        graceful_seconds=load["gracefulTimeoutMs"] / 1000,
        is_multiprocess=load["multiprocess"],
        version=load.get("version", ""),
        is_watched=load.get("watch", False),
        shows_tracebacks=load.get("debug", False),
        output_path=load.get("outputPath"),
        reports_path=load.get("reportsPath"),
    )
