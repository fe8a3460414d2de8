//! Every statement, in the SQL that both engines understand.

use crate::bulk::Bulk;

macro_rules! statements {
    ($kind:ty, $all:ident; $($(#[$doc:meta])* $name:ident = $text:expr;)*) => {
        $($(#[$doc])* pub(crate) const $name: $kind = $text;)*

        #[cfg(test)]
        pub(crate) const $all: &[(&str, $kind)] = &[$((stringify!($name), $name)),*];
    };
}

macro_rules! call_columns {
    () => {
        "tenant, id, started_at, ringing_at, answered_at, ended_at, billed_secs, from_end, caller, caller_name, \
         dialled, routed_to, why, answered_by, codec, cause, sip_status, q850, released_by, sip_call_id, \
         session_id, user_to_user"
    };
}

macro_rules! leg_columns {
    () => {
        "tenant, call_id, position, leg, far_end, dialled, sip_call_id, started_at, ringing_at, answered_at, \
         ended_at, cause, sip_status, q850, silent, media"
    };
}

macro_rules! recording_columns {
    () => {
        "tenant, id, call_id, started_at, ended_at, audio_ms, path, octets, sha256, format, channels, encrypted, \
         cut, gaps, policy, keep_until"
    };
}

macro_rules! recordings {
    () => {
        "SELECT r.id, r.call_id, r.started_at, r.ended_at, r.audio_ms, r.path, r.octets, r.sha256, r.format, \
         r.channels, r.encrypted, r.cut, r.gaps, r.policy, r.keep_until, r.deleted_at, r.deleted_by, c.caller, \
         c.dialled FROM recordings r LEFT JOIN calls c ON c.tenant = r.tenant AND c.id = r.call_id "
    };
}

macro_rules! message_columns {
    () => {
        "mailbox, recording, call_id, at, audio_ms, path, octets, sha256, format, encrypted, cut, caller, caller_name, \
         urgent, heard_at, forwarded_by, keep_until, deleted_at"
    };
}

macro_rules! messages {
    () => {
        concat!("SELECT ", message_columns!(), " FROM voicemail_messages ")
    };
}

statements! { &str, ALL;
    LOAD_PROVISION = "SELECT kind, name, body FROM provision \
        WHERE tenant = $1 AND (kind > $2 OR (kind = $2 AND name > $3)) ORDER BY kind, name LIMIT 1000";
    PUT_PROVISION = "INSERT INTO provision (tenant, kind, name, body, updated_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (tenant, kind, name) DO UPDATE SET body = excluded.body, updated_at = excluded.updated_at";
    REMOVE_PROVISION = "DELETE FROM provision WHERE tenant = $1 AND kind = $2 AND name = $3";
    REVISION = "SELECT revision FROM revisions WHERE tenant = $1";
    NEXT_REVISION = "UPDATE revisions SET revision = revision + 1, changed_at = $2 WHERE tenant = $1 \
        RETURNING revision";

    LOAD_BINDINGS = "SELECT aor, contact, body, expires_at FROM bindings \
        WHERE tenant = $1 AND expires_at > $2 ORDER BY aor, contact";
    REMOVE_BINDING = "DELETE FROM bindings WHERE tenant = $1 AND aor = $2 AND contact = $3";
    REMOVE_EXPIRED_BINDINGS = "DELETE FROM bindings WHERE expires_at <= $1";

    LOAD_SETTINGS = "SELECT extension, body FROM station_settings WHERE tenant = $1 ORDER BY extension";
    PUT_SETTINGS = "INSERT INTO station_settings (tenant, extension, body) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant, extension) DO UPDATE SET body = excluded.body";
    REMOVE_SETTINGS = "DELETE FROM station_settings WHERE tenant = $1 AND extension = $2";

    CALL = concat!("SELECT ", call_columns!(), " FROM calls WHERE tenant = $1 AND id = $2");
    /// Newest first, after a cursor. A filter that is NULL lets everything pass.
    CALLS = concat!("SELECT ", call_columns!(), " FROM calls \
        WHERE tenant = $1 AND started_at >= $2 AND started_at < $3 AND (started_at, id) < ($4, $5) \
        AND (CAST($6 AS TEXT) IS NULL OR caller = $6) \
        AND (CAST($7 AS TEXT) IS NULL OR dialled = $7) \
        AND (CAST($8 AS TEXT) IS NULL OR cause = $8) \
        AND (CAST($9 AS BIGINT) IS NULL OR (answered_at IS NOT NULL) = ($9 = 1)) \
        AND (CAST($10 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM call_legs WHERE call_legs.tenant = calls.tenant \
            AND call_legs.call_id = calls.id AND call_legs.far_end = $10)) \
        ORDER BY started_at DESC, id DESC LIMIT $11");
    /// A thousand at most, so that no transaction is long.
    DELETE_CALLS = "DELETE FROM calls WHERE tenant = $1 AND id IN (SELECT id FROM calls \
        WHERE tenant = $1 AND started_at < $2 ORDER BY started_at LIMIT 1000)";

    ADD_RECORDING = concat!("INSERT INTO recordings (", recording_columns!(), ") VALUES ($1, $2, $3, $4, $5, $6, $7, \
        $8, $9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT (tenant, id) DO NOTHING");
    RECORDING = concat!(recordings!(), "WHERE r.tenant = $1 AND r.id = $2");
    /// Newest first, after a cursor. A filter that is NULL lets everything pass.
    RECORDINGS = concat!(recordings!(), "WHERE r.tenant = $1 AND r.started_at >= $2 AND r.started_at < $3 \
        AND (r.started_at, r.id) < ($4, $5) AND (CAST($6 AS TEXT) IS NULL OR r.call_id = $6) \
        AND ($7 = 1 OR r.deleted_at IS NULL) ORDER BY r.started_at DESC, r.id DESC LIMIT $8");
    /// Those that need not be kept any longer, the oldest first.
    UNKEPT_RECORDINGS = concat!(recordings!(), "WHERE r.tenant = $1 AND r.deleted_at IS NULL AND r.keep_until <= $2 \
        ORDER BY r.started_at, r.id LIMIT $3");
    OLDEST_RECORDINGS = concat!(recordings!(), "WHERE r.tenant = $1 AND r.deleted_at IS NULL \
        ORDER BY r.started_at, r.id LIMIT $2");
    DELETE_RECORDING = "UPDATE recordings SET deleted_at = $3, deleted_by = $4 \
        WHERE tenant = $1 AND id = $2 AND deleted_at IS NULL";
    ADD_LISTEN = "INSERT INTO recording_listens (tenant, recording, at, who) SELECT $1, $2, $3, $4 \
        WHERE NOT EXISTS (SELECT 1 FROM recording_listens \
            WHERE tenant = $1 AND recording = $2 AND who = $4 AND at > $5 AND at <= $3) \
        ON CONFLICT (tenant, recording, at, who) DO NOTHING";
    LISTENS = "SELECT at, who FROM recording_listens WHERE tenant = $1 AND recording = $2 ORDER BY at DESC LIMIT 100";

    ADD_MESSAGE = concat!("INSERT INTO voicemail_messages (tenant, ", message_columns!(), ") VALUES ($1, $2, $3, $4, $5, \
        $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, NULL, '', $16, NULL) \
        ON CONFLICT (tenant, mailbox, recording) DO NOTHING");
    /// Into another mailbox; one that is there already comes back as new.
    FORWARD_MESSAGE = concat!("INSERT INTO voicemail_messages (tenant, ", message_columns!(), ") \
        SELECT tenant, $4, recording, call_id, at, audio_ms, path, octets, sha256, format, encrypted, cut, caller, \
            caller_name, urgent, NULL, $2, CAST($5 AS BIGINT), NULL \
        FROM voicemail_messages WHERE tenant = $1 AND mailbox = $2 AND recording = $3 \
        ON CONFLICT (tenant, mailbox, recording) DO UPDATE SET heard_at = NULL, deleted_at = NULL");
    MESSAGE = concat!(messages!(), "WHERE tenant = $1 AND mailbox = $2 AND recording = $3");
    /// Those that a phone hears, oldest first.
    MESSAGES_OF = concat!(messages!(), "WHERE tenant = $1 AND mailbox = $2 AND deleted_at IS NULL \
        ORDER BY at, recording LIMIT 1000");
    /// Newest first, after a cursor; of these mailboxes, as a JSON text that names them, or of all.
    MESSAGES = concat!(messages!(), "WHERE tenant = $1 AND (at, mailbox, recording) < ($2, $3, $4) \
        AND (CAST($5 AS TEXT) IS NULL OR mailbox = $5) AND (CAST($6 AS TEXT) IS NULL OR $6 LIKE '%|' || mailbox || '|%') \
        AND deleted_at IS NULL ORDER BY at DESC, mailbox DESC, recording DESC LIMIT $7");
    HEAR_MESSAGE = "UPDATE voicemail_messages SET heard_at = CAST($4 AS BIGINT) \
        WHERE tenant = $1 AND mailbox = $2 AND recording = $3";
    MARK_URGENT = "UPDATE voicemail_messages SET urgent = $4 WHERE tenant = $1 AND mailbox = $2 AND recording = $3";
    DELETE_MESSAGE = "UPDATE voicemail_messages SET deleted_at = CAST($4 AS BIGINT) \
        WHERE tenant = $1 AND mailbox = $2 AND recording = $3";
    /// Those whose row may go: deleted before a time, or not to be kept any longer.
    SPENT_MESSAGES = concat!(messages!(), "WHERE tenant = $1 AND (deleted_at <= $2 OR keep_until <= $3) \
        ORDER BY at, mailbox, recording LIMIT 500");
    REMOVE_MESSAGE = "DELETE FROM voicemail_messages WHERE tenant = $1 AND mailbox = $2 AND recording = $3";
    MESSAGES_WITH_FILE = "SELECT COUNT(*) FROM voicemail_messages WHERE tenant = $1 AND path = $2";
    MAIL_COUNTS = "SELECT mailbox, COUNT(*), CAST(SUM(CASE WHEN heard_at IS NULL THEN 1 ELSE 0 END) AS BIGINT), \
        CAST(SUM(urgent) AS BIGINT), CAST(SUM(CASE WHEN heard_at IS NULL THEN urgent ELSE 0 END) AS BIGINT) \
        FROM voicemail_messages WHERE tenant = $1 AND deleted_at IS NULL \
        AND (CAST($2 AS TEXT) IS NULL OR mailbox = $2) GROUP BY mailbox ORDER BY mailbox";
    ADD_MESSAGE_LISTEN = "INSERT INTO voicemail_listens (tenant, mailbox, recording, at, who) SELECT $1, $2, $3, $4, $5 \
        WHERE NOT EXISTS (SELECT 1 FROM voicemail_listens WHERE tenant = $1 AND mailbox = $2 AND recording = $3 \
            AND who = $5 AND at > $6 AND at <= $4) ON CONFLICT (tenant, mailbox, recording, at, who) DO NOTHING";
    MESSAGE_LISTENS = "SELECT at, who FROM voicemail_listens \
        WHERE tenant = $1 AND mailbox = $2 AND recording = $3 ORDER BY at DESC LIMIT 100";

    PUT_GREETING = "INSERT INTO voicemail_greetings (tenant, mailbox, kind, recording, at, audio_ms, path) \
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tenant, mailbox, kind) DO UPDATE SET \
        recording = excluded.recording, at = excluded.at, audio_ms = excluded.audio_ms, path = excluded.path";
    GREETINGS = "SELECT mailbox, kind, recording, at, audio_ms, path FROM voicemail_greetings \
        WHERE tenant = $1 AND (CAST($2 AS TEXT) IS NULL OR mailbox = $2) ORDER BY mailbox, kind";
    REMOVE_GREETING = "DELETE FROM voicemail_greetings WHERE tenant = $1 AND mailbox = $2 AND kind = $3";

    ADD_NOTICE = "INSERT INTO voicemail_notices (tenant, mailbox, recording, next_at) VALUES ($1, $2, $3, $4) \
        ON CONFLICT (tenant, mailbox, recording) DO NOTHING";
    DUE_NOTICES = "SELECT mailbox, recording, tries, next_at, given_up, error FROM voicemail_notices \
        WHERE tenant = $1 AND given_up = 0 AND next_at <= $2 ORDER BY next_at, mailbox, recording LIMIT $3";
    NOTICES = "SELECT mailbox, recording, tries, next_at, given_up, error FROM voicemail_notices \
        WHERE tenant = $1 ORDER BY given_up DESC, next_at, mailbox, recording LIMIT 1000";
    PUT_OFF_NOTICE = "UPDATE voicemail_notices SET tries = tries + 1, next_at = $4, given_up = $5, error = $6 \
        WHERE tenant = $1 AND mailbox = $2 AND recording = $3";
    REMOVE_NOTICE = "DELETE FROM voicemail_notices WHERE tenant = $1 AND mailbox = $2 AND recording = $3";

    ADD_TOKEN = "INSERT INTO tokens (tenant, id, name, role, hash, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
    TOKEN = "SELECT id, name, role, created_at, last_used_at, revoked_at FROM tokens \
        WHERE tenant = $1 AND hash = $2 AND revoked_at IS NULL";
    TOKENS = "SELECT id, name, role, created_at, last_used_at, revoked_at FROM tokens \
        WHERE tenant = $1 ORDER BY created_at, id";
    REVOKE_TOKEN = "UPDATE tokens SET revoked_at = $3 WHERE tenant = $1 AND id = $2 AND revoked_at IS NULL";
    /// To the minute, so that a busy program does not write with every request.
    TOKEN_USED = "UPDATE tokens SET last_used_at = $3 WHERE tenant = $1 AND id = $2 \
        AND (last_used_at IS NULL OR last_used_at < $3 - 60000)";

    PUT_SESSION = "INSERT INTO sessions (hash, tenant, login, created_at, expires_at) VALUES ($1, $2, $3, $4, $5) \
        ON CONFLICT (hash) DO UPDATE SET expires_at = excluded.expires_at";
    SESSION = "SELECT login, created_at, expires_at FROM sessions WHERE tenant = $1 AND hash = $2 \
        AND expires_at > $3";
    END_SESSION = "DELETE FROM sessions WHERE tenant = $1 AND hash = $2";
    END_SESSIONS_OF = "DELETE FROM sessions WHERE tenant = $1 AND login = $2";
    END_EXPIRED_SESSIONS = "DELETE FROM sessions WHERE expires_at <= $1";

    ADD_FETCH = "INSERT INTO phone_fetches (tenant, mac, at, file, address, agent) VALUES ($1, $2, $3, $4, $5, $6) \
        ON CONFLICT (tenant, mac, at, file) DO NOTHING";
    PRUNE_FETCHES = "DELETE FROM phone_fetches WHERE tenant = $1 AND mac = $2 AND at < (SELECT MIN(at) FROM \
        (SELECT at FROM phone_fetches WHERE tenant = $1 AND mac = $2 ORDER BY at DESC LIMIT $3) AS latest)";
    LAST_FETCHES = "SELECT f.mac, f.at, f.file, f.address, f.agent FROM phone_fetches f \
        JOIN (SELECT mac, MAX(at) AS at FROM phone_fetches WHERE tenant = $1 GROUP BY mac) AS last \
        ON last.mac = f.mac AND last.at = f.at WHERE f.tenant = $1 ORDER BY f.mac, f.file";
    FETCHES_OF = "SELECT mac, at, file, address, agent FROM phone_fetches WHERE tenant = $1 AND mac = $2 \
        ORDER BY at DESC, file LIMIT $3";
    ADD_PHONE_TOKEN = "INSERT INTO phone_tokens (hash, tenant, mac, generation, expires_at) VALUES ($1, $2, $3, $4, $5)";
    TAKE_PHONE_TOKEN = "DELETE FROM phone_tokens WHERE tenant = $1 AND hash = $2 AND expires_at > $3 \
        RETURNING mac, generation";
    END_PHONE_TOKENS = "DELETE FROM phone_tokens WHERE expires_at <= $1";

    META = "SELECT value FROM meta WHERE tenant = $1 AND name = $2";
    PUT_META = "INSERT INTO meta (tenant, name, value) VALUES ($1, $2, $3) \
        ON CONFLICT (tenant, name) DO UPDATE SET value = excluded.value";
    ADD_META = "INSERT INTO meta (tenant, name, value) VALUES ($1, $2, $3) ON CONFLICT (tenant, name) DO NOTHING";
}

statements! { Bulk, BULK;
    INSERT_CALLS = Bulk {
        fixed: 0,
        head: concat!("INSERT INTO calls (", call_columns!(), ") VALUES"),
        width: 22,
        tail: "ON CONFLICT (tenant, id) DO NOTHING",
    };
    INSERT_LEGS = Bulk {
        fixed: 0,
        head: concat!("INSERT INTO call_legs (", leg_columns!(), ") VALUES"),
        width: 16,
        tail: "ON CONFLICT (tenant, call_id, position) DO NOTHING",
    };
    PUT_BINDINGS = Bulk {
        fixed: 0,
        head: "INSERT INTO bindings (tenant, aor, contact, body, expires_at) VALUES",
        width: 5,
        tail: "ON CONFLICT (tenant, aor, contact) DO UPDATE SET body = excluded.body, expires_at = excluded.expires_at",
    };
    LEGS_OF = Bulk {
        fixed: 1,
        head: concat!("SELECT ", leg_columns!(), " FROM call_legs WHERE tenant = $1 AND call_id IN ("),
        width: 1,
        tail: ") ORDER BY call_id, position",
    };
}
