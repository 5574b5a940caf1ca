"""What a warehouse says, whichever way the frames came into its log."""

from models.tables.catalogue import TABLES
from pipelines.home import Home
from pipelines.warehouse import read

TOLD = {"core__late_frames", "core__replays", "core__restatements", "core__dead_letters"}
"""Tables that tell of the way the frames came."""
COMPARED = sorted(name for name in TABLES if name.startswith(("core__", "report__")) and name not in TOLD)
_PLACES = ("log_id", "topic", "generation", "partition", "offset", "source", "ordinal", "build_id")


def tables(home: Home) -> dict[str, list[str]]:
    """The rows of every compared table in any order, without where in which log their frames stand."""

    def is_place(name: str) -> bool:
        return name in _PLACES or name.endswith(tuple(f"_{place}" for place in _PLACES)) or name == "evidence"

    with read.connect_readonly(home) as opened:
        found = {}
        for table in COMPARED:
            answer = read.query(opened, f"SELECT * FROM {table}")
            found[table] = sorted(
                str({name: value for name, value in zip(answer.columns, row, strict=True) if not is_place(name)})
                for row in answer.rows
            )
        return found
