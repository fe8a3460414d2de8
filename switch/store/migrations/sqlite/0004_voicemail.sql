-- Messages of mailboxes; the audio lies in a file, which several may share. One that is deleted keeps its row for a while.
CREATE TABLE voicemail_messages (
    tenant      INTEGER NOT NULL REFERENCES tenants (id),
    mailbox     TEXT    NOT NULL,
    recording   TEXT    NOT NULL,
    call_id     TEXT    NOT NULL,
    at          INTEGER NOT NULL,
    audio_ms    INTEGER NOT NULL,
    path        TEXT    NOT NULL,
    octets      INTEGER NOT NULL,
    sha256      TEXT    NOT NULL,
    format      TEXT    NOT NULL,
    encrypted   INTEGER NOT NULL,
    cut         INTEGER NOT NULL,
    caller      TEXT    NOT NULL,
    caller_name TEXT    NOT NULL,
    urgent      INTEGER NOT NULL,
    heard_at    INTEGER,
    forwarded_by TEXT   NOT NULL DEFAULT '',
    keep_until  INTEGER,
    deleted_at  INTEGER,
    PRIMARY KEY (tenant, mailbox, recording)
) STRICT;
CREATE INDEX voicemail_messages_by_time ON voicemail_messages (tenant, at DESC, mailbox DESC, recording DESC);
CREATE INDEX voicemail_messages_by_file ON voicemail_messages (tenant, path);

-- Greetings that callers hear instead of the spoken one.
CREATE TABLE voicemail_greetings (
    tenant    INTEGER NOT NULL REFERENCES tenants (id),
    mailbox   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    audio_ms  INTEGER NOT NULL,
    path      TEXT    NOT NULL,
    PRIMARY KEY (tenant, mailbox, kind)
) STRICT;

-- Notices of messages that are still to be sent by e-mail, and those that nobody took.
CREATE TABLE voicemail_notices (
    tenant    INTEGER NOT NULL REFERENCES tenants (id),
    mailbox   TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    tries     INTEGER NOT NULL DEFAULT 0,
    next_at   INTEGER NOT NULL,
    given_up  INTEGER NOT NULL DEFAULT 0,
    error     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, mailbox, recording),
    FOREIGN KEY (tenant, mailbox, recording) REFERENCES voicemail_messages (tenant, mailbox, recording) ON DELETE CASCADE
) STRICT;
CREATE INDEX voicemail_notices_by_time ON voicemail_notices (next_at) WHERE given_up = 0;

-- Who listened to a message on pages and by the API.
CREATE TABLE voicemail_listens (
    tenant    INTEGER NOT NULL,
    mailbox   TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT    NOT NULL,
    PRIMARY KEY (tenant, mailbox, recording, at, who),
    FOREIGN KEY (tenant, mailbox, recording) REFERENCES voicemail_messages (tenant, mailbox, recording) ON DELETE CASCADE
) STRICT;
