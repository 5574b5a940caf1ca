import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Energy KPIs")


@app.cell
def _():
    import altair as alt
    import marimo as mo

    from pipelines.settings import Settings
    from pipelines.warehouse.read import connect_readonly

    return Settings, alt, connect_readonly, mo


@app.cell
def _(mo):
    mo.md(
        """
        # Energy KPIs

        How much energy the network delivered, how sure we are of it, and when it was loaded. Every figure is one SQL
        query over the published warehouse; change the query and the figure follows.
        """
    )
    return


@app.cell
def _(Settings, connect_readonly):
    # LADDSTROM_HOME decides which warehouse is read
    connection = connect_readonly(Settings().open_home())
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
            mo.md("## How much energy, day by day?"),
            alt.Chart(energy_by_day)
            .transform_calculate(kwh="datum.energy_wh / 1000")
            .mark_bar(color="#0b6aa8")
            .encode(x=alt.X("day:T", title=None), y=alt.Y("kwh:Q", title="kWh"), tooltip=["day:T", "sessions:Q", "kwh:Q"])
            .properties(width=640, height=220),
            energy_by_day,
        ]
    )
    return


@app.cell
def _(connection, mo):
    evidence_sql = """
        SELECT coalesce(energy_basis, 'nothing known') AS evidence, count(*) AS sessions,
               CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM core__sessions
        GROUP BY evidence
        ORDER BY sessions DESC, evidence
    """
    evidence = connection.sql(evidence_sql).pl()
    mo.vstack([mo.md("## How sure are we?"), evidence])
    return evidence, evidence_sql


@app.cell
def _(connection, mo):
    per_session_sql = """
        SELECT count(*) AS sessions, count(energy_wh) AS with_energy,
               CAST(sum(energy_wh) AS BIGINT) AS energy_wh,
               median(energy_wh) AS median_wh, avg(energy_wh) AS mean_wh
        FROM core__sessions
        WHERE NOT is_open
    """
    per_session = connection.sql(per_session_sql).pl()
    mo.vstack([mo.md("## How much does a session take?"), per_session])
    return per_session, per_session_sql


@app.cell
def _(alt, connection, mo):
    load_by_hour_sql = """
        SELECT CAST(date_part('hour', timezone('UTC', hour)) AS INTEGER) AS hour_of_day,
               CAST(sum(energy_wh) AS BIGINT) AS energy_wh
        FROM core__rates
        GROUP BY hour_of_day
        ORDER BY hour_of_day
    """
    load_by_hour = connection.sql(load_by_hour_sql).pl()
    mo.vstack(
        [
            mo.md("## When is the network loaded? (UTC)"),
            alt.Chart(load_by_hour)
            .transform_calculate(kwh="datum.energy_wh / 1000")
            .mark_bar(color="#0b6aa8")
            .encode(x=alt.X("hour_of_day:O", title="hour of the day"), y=alt.Y("kwh:Q", title="kWh"))
            .properties(width=640, height=180),
        ]
    )
    return load_by_hour, load_by_hour_sql


if __name__ == "__main__":
    app.run()
