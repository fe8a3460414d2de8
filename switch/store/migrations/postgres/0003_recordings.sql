-- Recordings of calls; the audio lies in a file. One that is deleted keeps its row, which says when and by whom.
CREATE TABLE recordings (
    tenant     BIGINT NOT NULL REFERENCES tenants (id),
    id         TEXT   NOT NULL,
    call_id    TEXT   NOT NULL,
    started_at BIGINT NOT NULL,
    ended_at   BIGINT NOT NULL,
    audio_ms   BIGINT NOT NULL,
    path       TEXT   NOT NULL,
    octets     BIGINT NOT NULL,
    sha256     TEXT   NOT NULL,
    format     TEXT   NOT NULL,
    channels   BIGINT NOT NULL,
    encrypted  BIGINT NOT NULL,
    cut        BIGINT NOT NULL,
    gaps       TEXT   NOT NULL,
    policy     TEXT   NOT NULL,
    keep_until BIGINT,
    deleted_at BIGINT,
    deleted_by TEXT   NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, id)
);
CREATE INDEX recordings_by_start ON recordings (tenant, started_at DESC, id DESC);
CREATE INDEX recordings_by_call ON recordings (tenant, call_id);
CREATE INDEX recordings_by_end_of_keeping ON recordings (keep_until) WHERE deleted_at IS NULL;

-- Who listened to which recording, and when.
CREATE TABLE recording_listens (
    tenant    BIGINT NOT NULL,
    recording TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    PRIMARY KEY (tenant, recording, at, who),
    FOREIGN KEY (tenant, recording) REFERENCES recordings (tenant, id) ON DELETE CASCADE
);
