-- How people want calls to reach their stations; a station that is not here has nothing of its own.
CREATE TABLE station_settings (
    tenant    BIGINT NOT NULL REFERENCES tenants (id),
    extension TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (tenant, extension)
);
