-- Messages of mailboxes; the audio lies in a file, which several may share. One that is deleted keeps its row for a while.
CREATE TABLE voicemail_messages (
    tenant      BIGINT NOT NULL REFERENCES tenants (id),
    mailbox     TEXT    NOT NULL,
    recording   TEXT    NOT NULL,
    call_id     TEXT    NOT NULL,
    at          BIGINT NOT NULL,
    audio_ms    BIGINT NOT NULL,
    path        TEXT    NOT NULL,
    octets      BIGINT NOT NULL,
    sha256      TEXT    NOT NULL,
    format      TEXT    NOT NULL,
    encrypted   BIGINT NOT NULL,
    cut         BIGINT NOT NULL,
    caller      TEXT    NOT NULL,
    caller_name TEXT    NOT NULL,
    urgent      BIGINT NOT NULL,
    heard_at    BIGINT,
    forwarded_by TEXT   NOT NULL DEFAULT '',
    keep_until  BIGINT,
    deleted_at  BIGINT,
    PRIMARY KEY (tenant, mailbox, recording)
);
CREATE INDEX voicemail_messages_by_time ON voicemail_messages (tenant, at DESC, mailbox DESC, recording DESC);
CREATE INDEX voicemail_messages_by_file ON voicemail_messages (tenant, path);

-- Greetings that callers hear instead of the spoken one.
CREATE TABLE voicemail_greetings (
    tenant    BIGINT NOT NULL REFERENCES tenants (id),
    mailbox   TEXT    NOT NULL,
    kind      TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    at        BIGINT NOT NULL,
    audio_ms  BIGINT NOT NULL,
    path      TEXT    NOT NULL,
    PRIMARY KEY (tenant, mailbox, kind)
);

-- Notices of messages that are still to be sent by e-mail, and those that nobody took.
CREATE TABLE voicemail_notices (
    tenant    BIGINT NOT NULL REFERENCES tenants (id),
    mailbox   TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    tries     BIGINT NOT NULL DEFAULT 0,
    next_at   BIGINT NOT NULL,
    given_up  BIGINT NOT NULL DEFAULT 0,
    error     TEXT    NOT NULL DEFAULT '',
    PRIMARY KEY (tenant, mailbox, recording),
    FOREIGN KEY (tenant, mailbox, recording) REFERENCES voicemail_messages (tenant, mailbox, recording) ON DELETE CASCADE
);
CREATE INDEX voicemail_notices_by_time ON voicemail_notices (next_at) WHERE given_up = 0;

-- Who listened to a message on pages and by the API.
CREATE TABLE voicemail_listens (
    tenant    BIGINT NOT NULL,
    mailbox   TEXT    NOT NULL,
    recording TEXT    NOT NULL,
    at        BIGINT NOT NULL,
    who       TEXT    NOT NULL,
    PRIMARY KEY (tenant, mailbox, recording, at, who),
    FOREIGN KEY (tenant, mailbox, recording) REFERENCES voicemail_messages (tenant, mailbox, recording) ON DELETE CASCADE
);
