import marimo

__generated_with = "0.25.2"
app = marimo.App(width="medium", app_title="Fault KPIs")


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
        # Fault KPIs

        Which faults there are, on which firmware, and how long they last. An episode runs from opened to cleared, however
        many messages it took. Every figure is one SQL query over the published warehouse.
        """
    )
    return


@app.cell
def _(Settings, connect_readonly):
    # LADDSTROM_HOME decides which warehouse is read
    connection = connect_readonly(Settings().open_home())
    return (connection,)


@app.cell
def _(connection, mo):
    fault_rate_sql = """
        SELECT
          (SELECT count(*) FROM core__fault_episodes) AS episodes,
          (SELECT count(*) FROM core__fault_episodes WHERE is_open) AS open_episodes,
          (SELECT count(*) FROM core__sessions) AS sessions
    """
    fault_rate = connection.sql(fault_rate_sql).pl()
    mo.vstack([mo.md("## How often do chargers fault?"), fault_rate])
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
    mo.vstack([mo.md("## Which codes on which firmware?"), by_code])
    return by_code, by_code_sql


@app.cell
def _(alt, connection, mo):
    by_day_sql = """
        SELECT day, CAST(sum(episodes) AS BIGINT) AS episodes
        FROM report__error_trend_daily
        GROUP BY day
        ORDER BY day
    """
    by_day = connection.sql(by_day_sql).pl()
    mo.vstack(
        [
            mo.md("## Is it getting worse?"),
            alt.Chart(by_day)
            .mark_bar(color="#b8480a")
            .encode(x=alt.X("day:T", title=None), y=alt.Y("episodes:Q", title="episodes"))
            .properties(width=640, height=180),
        ]
    )
    return by_day, by_day_sql


@app.cell
def _(connection, mo):
    time_to_clear_sql = """
        SELECT canonical_code, count(*) AS closed,
               median(epoch(closed_at) - epoch(opened_at)) AS median_s,
               avg(epoch(closed_at) - epoch(opened_at)) AS mean_s
        FROM core__fault_episodes
        WHERE NOT is_open
        GROUP BY canonical_code
        ORDER BY closed DESC, canonical_code
    """
    time_to_clear = connection.sql(time_to_clear_sql).pl()
    mo.vstack([mo.md("## How long until it works again?"), time_to_clear])
    return time_to_clear, time_to_clear_sql


@app.cell
def _(connection, mo):
    worst_stations_sql = """
        SELECT station_id, any_value(model) AS model, count(*) AS episodes,
               CAST(sum(epoch(closed_at) - epoch(opened_at)) AS BIGINT) AS fault_s
        FROM core__fault_episodes
        GROUP BY station_id
        ORDER BY episodes DESC, station_id
        LIMIT 10
    """
    worst_stations = connection.sql(worst_stations_sql).pl()
    mo.vstack([mo.md("## Which stations fault most often?"), worst_stations])
    return worst_stations, worst_stations_sql


@app.cell
def _(connection, mo):
    unmapped_sql = """
        SELECT unmapped_code, vendor, model, firmware, episodes, minutes, first_seen_at, last_seen_at
        FROM core__unmapped_codes
        LIMIT 20
    """
    unmapped = connection.sql(unmapped_sql).pl()
    mo.vstack([mo.md("## Which codes does nobody understand yet?"), unmapped])
    return unmapped, unmapped_sql


if __name__ == "__main__":
    app.run()
