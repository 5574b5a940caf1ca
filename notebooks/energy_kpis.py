import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Energy KPIs")


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
        # Energy KPIs

        How much energy the network delivered, how sure we are of it, and when it was loaded. Every figure is one SQL
        query over the published warehouse, over all of its log; change the query and the figure follows.

        A **session** is one OCPP transaction, its retries folded in. Its **energy** is the difference of two
        registers in Wh, rounded once; where it has no such pair, an estimate or a partner's word; null where nothing
        is known, never 0.
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
def _(connection):
    energy_by_day_sql = """
        SELECT day, CAST(sum(sessions) AS BIGINT) AS sessions, CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM report__energy_daily
        WHERE day IS NOT NULL
        GROUP BY day
        ORDER BY day
    """
    energy_by_day = connection.sql(energy_by_day_sql).pl()
    return energy_by_day, energy_by_day_sql


@app.cell
def _(alt, energy_by_day, mo):
    mo.vstack(
        [
            mo.md(
                """
                ## How much energy, day by day?

                `energy_wh`: Wh of the sessions that started on that day, in the report's zone; open sessions count with
                what is known so far. `sessions`: how many those are. The chart shows kWh.
                """
            ),
            alt.Chart(energy_by_day)
            .transform_calculate(kwh="datum.energy_wh / 1000")
            .mark_bar(color="#0b6aa8")
            .encode(
                x=alt.X("utcyearmonthdate(day):T", title="day", axis=alt.Axis(format="%-d %b")),
                y=alt.Y("kwh:Q", title="energy, kWh"),
                tooltip=["day:T", "sessions:Q", alt.Tooltip("kwh:Q", title="kWh")],
            )
            .properties(width=640, height=220),
            energy_by_day,
        ]
    )
    return


@app.cell
def _(connection, mo):
    evidence_sql = """
        SELECT coalesce(energy_basis, 'nothing known') AS evidence, count(*) AS sessions,
               round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS sessions_percent,
               CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM core__sessions
        GROUP BY evidence
        ORDER BY sessions DESC, evidence
    """
    evidence = connection.sql(evidence_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## How sure are we?

                Sessions, their share of all sessions in % and their energy in Wh, by what the energy rests on:
                `meter_stop` registers at start and stop; `begin_end` registers sampled at begin and end; `register`
                sampled in between; `interval` and `power` are estimates; `cdr` and `ocpi_session` are a partner's
                word.
                """
            ),
            evidence,
        ]
    )
    return evidence, evidence_sql


@app.cell
def _(connection, mo):
    per_session_sql = """
        SELECT count(*) AS sessions, count(energy_wh) AS with_energy,
               round(sum(energy_wh) / 1000, 3) AS energy_kwh,
               round(median(energy_wh) / 1000, 3) AS median_kwh, round(avg(energy_wh) / 1000, 3) AS mean_kwh
        FROM core__sessions
        WHERE NOT is_open
    """
    per_session = connection.sql(per_session_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## How much does a session take?

                Sessions that ended, how many of them have a known energy, and of those the sum, the median and the
                mean in kWh. Sessions of 0 kWh count; unknown ones do not.
                """
            ),
            per_session,
        ]
    )
    return per_session, per_session_sql


@app.cell
def _(alt, connection, mo):
    load_by_hour_sql = """
        SELECT CAST(date_part('hour', timezone((SELECT report_timezone FROM meta__build), hour)) AS INTEGER)
                 AS hour_of_day,
               CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM core__rates
        GROUP BY hour_of_day
        ORDER BY hour_of_day
    """
    load_by_hour = connection.sql(load_by_hour_sql).pl()
    mo.vstack(
        [
            mo.md(
                """
                ## When is the network loaded?

                Energy in kWh by the hour of the day in which its meter readings were received, summed over all days
                of the log; hours in the report's zone.
                """
            ),
            alt.Chart(load_by_hour)
            .transform_calculate(kwh="datum.energy_wh / 1000")
            .mark_bar(color="#0b6aa8")
            .encode(
                x=alt.X("hour_of_day:O", title="hour of the day", axis=alt.Axis(labelAngle=0)),
                y=alt.Y("kwh:Q", title="energy, kWh"),
                tooltip=["hour_of_day:O", alt.Tooltip("kwh:Q", title="kWh")],
            )
            .properties(width=640, height=180),
        ]
    )
    return load_by_hour, load_by_hour_sql


if __name__ == "__main__":
    app.run()
