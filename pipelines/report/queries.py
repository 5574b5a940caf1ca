"""The report's queries: one `.sql` file each, run with named parameters and shown as they ran."""

import datetime as dt
import re
from importlib import resources

import duckdb
import polars as pl


class OtherVersionError(RuntimeError):
    """The published warehouse lacks what a query asks for, or its raw files; the message says what to run."""


type_of_value = dt.date | str | int
_PARAMETER = re.compile(r"\$([a-z_]+)")


class Queries:
    """Runs the page's queries on one read-only connection and remembers what was asked.

    Parameters are bound, never pasted into what runs; `shown` pastes them as literals for readers, who can
    run the text with `laddstrom sql`.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, parameters: dict[str, type_of_value]) -> None:
        self._connection = connection
        self._parameters = parameters

    @staticmethod
    def text(name: str) -> str:
        """The query as written, with its `$parameters`."""
        return (resources.files("pipelines.report") / "sql" / f"{name}.sql").read_text(encoding="utf-8").strip()

    def run(self, name: str) -> pl.DataFrame:
        """The result of a query, columns as selected."""
        text = self.text(name)
        wanted = {key: self._parameters[key] for key in set(_PARAMETER.findall(text))}
        try:
            relation = self._connection.sql(text, params=wanted) if wanted else self._connection.sql(text)
            frame: pl.DataFrame = relation.pl()
        except (duckdb.BinderException, duckdb.CatalogException) as error:
            raise OtherVersionError(
                f"the published warehouse is of another version of Laddström ({str(error).splitlines()[0]}); "
                "run `laddstrom build`"
            ) from None
        except duckdb.IOException as error:
            raise OtherVersionError(
                f"the raw files of the published warehouse cannot be read ({str(error).splitlines()[0]}); "
                "run `laddstrom build` on the home that they are in"
            ) from None
        return frame

    def shown(self, name: str) -> str:
        """The query as it ran, its parameters as literals."""
        return _PARAMETER.sub(lambda match: _literal(self._parameters[match[1]]), self.text(name))


def _literal(value: type_of_value) -> str:
    if isinstance(value, dt.date):
        return f"DATE '{value.isoformat()}'"
    if isinstance(value, int):
        return str(value)
    return "'" + value.replace("'", "''") + "'"
