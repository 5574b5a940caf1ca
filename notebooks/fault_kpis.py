import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Fault KPIs")


@app.cell
def _():
    import altair as alt
    import marimo as mo

    from pipelines import settings
    from pipelines.warehouse import read

    return alt, mo, read, settings


@app.cell
def _(mo):
    mo.md(
        """
        # Fault KPIs

        Which faults there are, on which firmware, and how long they last. Every figure is one SQL query over the
        published warehouse, over all of its log.

        An **episode** runs from opened to cleared, per station, connector and canonical code, however many messages
        it took. A **canonical code** is what the crosswalk (`core__fault_codes`) makes of the code as sent.
        """
    )
    return


@app.cell
def _(mo, read, settings):
    # LADDSTROM_HOME decides which warehouse is read
    missing = None
    try:
        connection = read.connect_readonly(settings.load().locate_home())
    except read.NoWarehouseError as error:
        missing = mo.callout(mo.md(f"Nothing to show yet: {error}."), kind="warn")
    mo.stop(missing is not None, missing)
    return (connection,)


@app.cell
def _(connection, mo):
    fault_rate_sql = """
        WITH counted AS (
          SELECT
            (SELECT count(*) FROM core__fault_episodes) AS episodes,
            (SELECT count(*) FROM core__fault_episodes WHERE is_open) AS open_episodes,
            (SELECT count(*) FROM core__sessions) AS sessions
        )
        SELECT *, round(1000.0 * episodes / nullif(sessions, 0), 1) AS per_1000_sessions
        FROM counted
    """
    fault_rate = connection.sql(fault_rate_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## How often do chargers fault?

                Episodes, how many of them are still open, sessions, and episodes per 1,000 sessions; null without
                sessions.
                """
            ),
            fault_rate,
        ]
    )
    return fault_rate, fault_rate_sql


@app.cell
def _(connection, mo):
    by_code_sql = """
        SELECT model, firmware, canonical_code, code, CAST(sum(episodes) AS BIGINT) AS episodes
        FROM report__error_trend_daily
        GROUP BY model, firmware, canonical_code, code
        ORDER BY episodes DESC, model, firmware, canonical_code, code
    """
    by_code = connection.sql(by_code_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## Which codes on which firmware?

                Episodes by model, firmware (null: the station has not said), canonical code and code as sent.
                """
            ),
            by_code,
        ]
    )
    return by_code, by_code_sql


@app.cell
def _(alt, connection, mo):
    by_day_sql = """
        WITH faults AS (
          SELECT day, CAST(sum(episodes) AS BIGINT) AS episodes FROM report__error_trend_daily GROUP BY day
        ), used AS (
          SELECT day, CAST(sum(sessions) AS BIGINT) AS sessions FROM report__energy_daily GROUP BY day
        )
        SELECT coalesce(faults.day, used.day) AS day,
               coalesce(episodes, 0) AS episodes, coalesce(sessions, 0) AS sessions,
               round(1000.0 * episodes / nullif(sessions, 0), 1) AS per_1000_sessions
        FROM faults
        FULL JOIN used ON used.day = faults.day
        WHERE coalesce(faults.day, used.day) IS NOT NULL AND (episodes > 0 OR sessions > 0)
        ORDER BY 1
    """
    by_day = connection.sql(by_day_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## Is it getting worse?

                Episodes by the day they opened, sessions by the day they started, and episodes per 1,000 sessions of
                that day (null without sessions); days in the report's zone, those with neither are left out.
                """
            ),
            alt.Chart(by_day)
            .mark_bar(color="#b8480a")
            .encode(
                x=alt.X("utcyearmonthdate(day):T", title="day", axis=alt.Axis(format="%-d %b")),
                y=alt.Y("episodes:Q", title="episodes opened"),
                tooltip=["day:T", "episodes:Q", "sessions:Q", "per_1000_sessions:Q"],
            )
            .properties(width=640, height=180),
            by_day,
        ]
    )
    return by_day, by_day_sql


@app.cell
def _(connection, mo):
    time_to_clear_sql = """
        SELECT canonical_code, count(*) AS closed,
               round(median(epoch(closed_at) - epoch(opened_at)) / 60, 1) AS median_min,
               round(avg(epoch(closed_at) - epoch(opened_at)) / 60, 1) AS mean_min
        FROM core__fault_episodes
        WHERE NOT is_open
        GROUP BY canonical_code
        ORDER BY closed DESC, canonical_code
    """
    time_to_clear = connection.sql(time_to_clear_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## How long until it works again?

                Episodes that were closed, and the median and mean (MTTR, mean time to repair) from opened to closed in
                minutes. Open ones are not averaged.
                """
            ),
            time_to_clear,
        ]
    )
    return time_to_clear, time_to_clear_sql


@app.cell
def _(connection, mo):
    worst_stations_sql = """
        SELECT station_id, any_value(model) AS model, count(*) AS episodes,
               count(*) FILTER (WHERE is_open) AS open_episodes,
               round(sum(epoch(closed_at) - epoch(opened_at)) / 3600, 1) AS closed_fault_h
        FROM core__fault_episodes
        GROUP BY station_id
        ORDER BY episodes DESC, station_id
        LIMIT 10
    """
    worst_stations = connection.sql(worst_stations_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## Which stations fault most often?

                The ten stations with the most episodes, how many of those are still open, and the hours that the
                closed ones lasted (episodes at the same time count each; null: none was closed).
                """
            ),
            worst_stations,
        ]
    )
    return worst_stations, worst_stations_sql


@app.cell
def _(connection, mo):
    unmapped_sql = """
        SELECT unmapped_code, vendor, model, firmware, episodes, episodes_open, round(minutes, 1) AS open_min,
               first_seen_at, last_seen_at
        FROM core__unmapped_codes
        ORDER BY minutes DESC NULLS LAST, episodes DESC, unmapped_code, vendor, model, firmware
        LIMIT 20
    """
    unmapped = connection.sql(unmapped_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## Which codes does nobody understand yet?

                Up to 20 codes as sent that the crosswalk lacks, by the minutes in which their episodes were open;
                times in UTC. Empty: the crosswalk knows them all.
                """
            ),
            unmapped,
        ]
    )
    return unmapped, unmapped_sql


if __name__ == "__main__":
    app.run()
