-- Recordings of calls; the audio lies in a file. One that is deleted keeps its row, which says when and by whom.
CREATE TABLE recordings (
    tenant     INTEGER NOT NULL REFERENCES tenants (id),
    id         TEXT    NOT NULL,
    call_id    TEXT    NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL,
    audio_ms   INTEGER NOT NULL,
    path       TEXT    NOT NULL,
    octets     INTEGER NOT NULL,
    sha256     TEXT    NOT NULL,
    format     TEXT    NOT NULL,
    channels   INTEGER NOT NULL,
    encrypted  INTEGER NOT NULL,
    cut        INTEGER NOT NULL,
    gaps       TEXT    NOT NULL,
    policy     TEXT    NOT NULL,
    keep_until INTEGER,
    deleted_at INTEGER,
    deleted_by TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, id)
) STRICT;
CREATE INDEX recordings_by_start ON recordings (tenant, started_at DESC, id DESC);
CREATE INDEX recordings_by_call ON recordings (tenant, call_id);
CREATE INDEX recordings_by_end_of_keeping ON recordings (keep_until) WHERE deleted_at IS NULL;

-- Who listened to which recording, and when.
CREATE TABLE recording_listens (
    tenant    INTEGER NOT NULL,
    recording TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT    NOT NULL,
    PRIMARY KEY (tenant, recording, at, who),
    FOREIGN KEY (tenant, recording) REFERENCES recordings (tenant, id) ON DELETE CASCADE
) STRICT;
