"""Why a whole file is refused: one sentence each, naming the file. Not here: single lines (dead letters)."""

from pathlib import Path

FORMATS = (
    "Laddström reads JSON lines with a `raw` frame each, CSV with the columns timestamp,id,action,msg, "
    "and text lines `NAME : [frame]`, each also as .gz or .xz"
)


class UnknownFormatError(ValueError):
    """The file is no log that can be imported; nothing was sent."""

    def __init__(self, path: Path, problem: str, *, formats: str = f"; {FORMATS}") -> None:
        super().__init__(f"{path} {problem}{formats}")


class NoFileError(UnknownFormatError):
    """There is no file to read; which formats there are is not the question."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(path, problem, formats="")


class DamagedFileError(NoFileError):
    """The compressed file is cut off or damaged; nothing was sent."""


class FileChangedError(RuntimeError):
    """The file changed while it was imported; what was sent does not belong to one content."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} changed while it was read; copy it first, then import the copy")
