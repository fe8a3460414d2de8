//! The API's own description: OpenAPI 3.1.

use axum::Json;
use provision::Kind;
use serde_json::{Map, Value, json};

use super::resources::plural;
use super::schemas;

/// Describes the API; open to everyone, since it holds nothing of this node.
pub(crate) async fn document() -> Json<Value> {
    Json(description())
}

/// The description itself.
pub(crate) fn description() -> Value {
    let mut paths = Map::new();
    for kind in Kind::ALL {
        let (list, one) = resource(*kind);
        paths.insert(format!("/{}", plural(*kind)), list);
        paths.insert(format!("/{}/{{name}}", plural(*kind)), one);
    }
    for (path, item) in others()
        .into_iter()
        .chain(own())
        .chain(supervisions())
        .chain(sounds("prompts", "language", "id"))
        .chain(sounds("music", "class", "piece"))
    {
        paths.insert(path, item);
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Tandem", "version": env!("CARGO_PKG_VERSION") },
        "servers": [{ "url": "/api/v1" }],
        "security": [{ "bearer": [] }, { "session": [] }],
        "paths": paths,
        "components": components(),
    })
}

fn components() -> Value {
    let text = json!({ "type": "string" });
    let error = json!({
        "type": "object",
        "properties": { "field": text, "detail": text, "line": { "type": "integer" } },
    });
    let problem = json!({
        "type": "object",
        "description": "RFC 9457 problem details",
        "properties": {
            "type": text, "title": text, "status": { "type": "integer" }, "detail": text,
            "field": text, "errors": { "type": "array", "items": error },
        },
    });
    let mut schemas = schemas::all();
    schemas.insert("Problem".to_owned(), problem);
    json!({
        "securitySchemes": {
            "bearer": { "type": "http", "scheme": "bearer" },
            "session": { "type": "apiKey", "in": "cookie", "name": crate::auth::SESSION_COOKIE },
        },
        "schemas": schemas,
        "responses": {
            "Problem": {
                "description": "What went wrong",
                "content": { "application/problem+json":
                    { "schema": { "$ref": "#/components/schemas/Problem" } } },
            },
        },
    })
}

fn resource(kind: Kind) -> (Value, Value) {
    let (many, one) = (plural(kind), kind.word().replace('_', " "));
    let schema = Body::Json(schemas::name(kind));
    let name = json!({ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } });
    let list = json!({
        "get": operation(&format!("Lists {many} by name"), &paging(), None, 200),
        "post": operation(&format!("Makes a {one}"), &[], Some(schema), 201),
    });
    let single = json!({
        "parameters": [name],
        "get": operation(&format!("Shows a {one}; secrets are left out"), &[], None, 200),
        "put": operation(&format!("Sets a {one}; secrets not given stay"), &[], Some(schema), 200),
        "delete": operation(&format!("Removes a {one}"), &[], None, 204),
    });
    (list, single)
}

fn others() -> Vec<(String, Value)> {
    let all = [node_paths(), call_paths(), recording_paths(), room_paths(), mail_paths(), phone_paths()];
    all.into_iter().flatten().map(|(path, item)| (path.to_owned(), item)).collect()
}

fn get(summary: &str, query: &[Value]) -> Value {
    json!({ "get": operation(summary, query, None, 200) })
}

fn path_part(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

fn in_path(name: &str, mut item: Value) -> Value {
    item["parameters"] = json!([path_part(name)]);
    item
}

/// What is ordered of a thing by its id.
fn order(summary: &str, schema: &'static str) -> Value {
    in_path("id", json!({ "post": operation(summary, &[], Some(Body::Json(schema)), 202) }))
}

fn node_paths() -> Vec<(&'static str, Value)> {
    let apply = operation("Sets up what a TOML text says", &[parameter("dry_run")], Some(Body::Toml), 200);
    let new_token = Some(Body::Json("NewToken"));
    let tokens = json!({
        "get": operation("Lists tokens without their secrets", &[], None, 200),
        "post": operation("Makes a token and tells its secret once", &[], new_token, 201),
    });
    let revoke = json!({ "delete": operation("Revokes a token", &[], None, 204) });
    vec![
        ("/status", get("Shows trunks, phones and calls as they are now", &[])),
        ("/registrations", get("Lists registered phones", &paging())),
        ("/bans", get("Lists who is banned for a time after failed logins", &[parameter("limit")])),
        ("/bans/{place}", in_path("place", json!({ "delete": operation("Ends a ban", &[], None, 204) }))),
        ("/apply", json!({ "post": apply })),
        ("/export", get("Gives what is set up as TOML", &[parameter("secrets")])),
        ("/tokens", tokens),
        ("/tokens/{id}", in_path("id", revoke)),
    ]
}

fn call_paths() -> Vec<(&'static str, Value)> {
    let filters = ["state", "since", "until", "caller", "dialled", "trunk", "station", "cause", "answered"];
    let calls = [filters.map(parameter).as_slice(), &paging()].concat();
    let hang_up = operation("Ends a live call", &[], None, 202);
    vec![
        ("/calls", get("Lists past calls, or live ones with state=live", &calls)),
        ("/calls/{id}", in_path("id", get("Shows a call, live or past", &[]))),
        ("/calls/{id}/hangup", in_path("id", json!({ "post": hang_up }))),
        ("/calls/{id}/play", order("Plays a prompt to one side of a live call, or to all", "CallPlay")),
        ("/calls/{id}/stop", order("Ends all that plays to one side, or to all", "CallStop")),
        ("/calls/{id}/digits", order("Sends digits to one side", "CallDigits")),
        ("/calls/{id}/voice", order("Mutes one side, makes it deaf, louder or softer", "CallVoice")),
        ("/calls/{id}/code", order("Does what a phone asks for by a code pressed in its call", "CallCode")),
        (
            "/calls/{id}/park",
            order("Parks whoever talks with one side, which hears the slot and goes", "CallPark"),
        ),
        ("/calls/{id}/pickup", order("Rings a station for a call that rings or is parked", "CallPickup")),
        ("/parking-slots", get("Lists slots that are taken, and by whom", &[parameter("limit")])),
        ("/calls/{id}/recording", order("Starts, stops, pauses or resumes a recording", "CallRecording")),
        ("/calls/{id}/conference", order("Moves both sides into a conference", "CallConference")),
        (
            "/calls/{id}/transfer",
            order("Leads those who talk with one side on to somebody else", "CallTransfer"),
        ),
        (
            "/calls/{id}/consult",
            order("Rings somebody whom one side wants to ask; the others wait", "CallConsult"),
        ),
        (
            "/calls/{id}/consult/{act}",
            of_part(
                "act",
                "string",
                "Does something about who is asked: complete, abandon, alternate or merge",
                Some("CallConsulted"),
            ),
        ),
        ("/calls/{id}/hold", order("Lets those who talk with one side wait with music", "CallHold")),
        ("/calls/{id}/retrieve", order("Lets those who wait for one side talk with it again", "CallHold")),
        (
            "/calls/{id}/legs/{leg}/drop",
            of_part("leg", "integer", "Ends one side; the others go on where they can", Some("CallDrop")),
        ),
        (
            "/calls/{id}/legs/{leg}/part",
            of_part("leg", "integer", "Changes whom one side hears and who hears it", Some("CallPart")),
        ),
        ("/calls/{id}/invite", order("Rings somebody who talks with all once there", "CallInvite")),
        ("/calls/{id}/merge", order("Brings those of another call into this one", "CallMerge")),
        ("/calls/{id}/legs/{leg}/tap", tap()),
    ]
}

fn room_paths() -> Vec<(&'static str, Value)> {
    let rings = "Rings somebody into the room, by the dial rules of a phone that is in it";
    let invite = json!({ "post": operation(rings, &[], Some(Body::Json("ConferenceInvite")), 202) });
    vec![
        (
            "/conference-rooms",
            get("Lists conferences that anybody is in, with who is there", &[parameter("limit")]),
        ),
        ("/conferences/{name}/room", in_path("name", room())),
        ("/conferences/{name}/members", in_path("name", invite)),
        ("/conferences/{name}/members/{call}", member()),
    ]
}

fn recording_paths() -> Vec<(&'static str, Value)> {
    let filters = ["call", "since", "until", "deleted"].map(parameter);
    let recordings = [filters.as_slice(), &paging()].concat();
    let recording = json!({
        "get": operation("Shows a recording and who listened to it", &[], None, 200),
        "delete": operation("Deletes a recording's audio; its row stays", &[], None, 204),
    });
    vec![
        ("/recordings", get("Lists recordings, the latest first", &recordings)),
        ("/recordings/{id}", in_path("id", recording)),
        ("/recordings/{id}/audio", in_path("id", get("Plays a recording, decrypted; takes Range", &[]))),
    ]
}

fn mail_paths() -> Vec<(&'static str, Value)> {
    let messages = [&[parameter("mailbox")][..], &paging()].concat();
    let message = json!({
        "get": operation("Shows a message and who listened to it", &[], None, 200),
        "patch": operation("Marks a message heard or urgent", &[], Some(Body::Json("MessageChange")), 204),
        "delete": operation("Deletes a message", &[], None, 204),
    });
    let audio = get("Plays a message, which counts as heard then; takes Range", &[]);
    let greeting = json!({
        "parameters": [path_part("name"), path_part("kind")],
        "put": operation(
            "Takes in a WAV, MP3, Ogg or FLAC file as a greeting, in the place of the one before; level=false leaves its level alone",
            &[parameter("level")], Some(Body::Sound), 202,
        ),
        "delete": operation("Takes a greeting away", &[], None, 202),
    });
    let forward = order("Puts a message into another mailbox too", "MessageForward");
    vec![
        ("/voicemail-messages", get("Lists messages of mailboxes, the latest first", &messages)),
        ("/voicemail-messages/{id}", in_path("id", message)),
        ("/voicemail-messages/{id}/audio", in_path("id", audio)),
        ("/voicemail-messages/{id}/forward", forward),
        ("/voicemail-notices", get("Lists notices by e-mail that wait or were given up", &[])),
        ("/mailboxes/{name}/greetings", in_path("name", get("Lists a mailbox's greetings", &[]))),
        ("/mailboxes/{name}/greetings/{kind}", greeting),
    ]
}

fn phone_paths() -> Vec<(&'static str, Value)> {
    let states = get("Lists phones with their last fetch and whether their lines are registered", &[]);
    let address = "Shows the address to type into a phone, which holds its secret, and what it fetched";
    let rotate = "Ends a phone's secrets and makes new ones; tells those of a softphone once";
    let rotate = json!({ "post": operation(rotate, &[], None, 200) });
    vec![
        ("/phone-states", states),
        ("/phones/{name}/provisioning", in_path("name", get(address, &[]))),
        ("/phones/{name}/rotate", in_path("name", rotate)),
    ]
}

/// What people change about themselves, and when they are there.
fn own() -> [(String, Value); 4] {
    let name = json!([{ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let password = operation(
        "Sets a user's password; for the own one `current` is needed too",
        &[],
        Some(Body::Json("Password")),
        204,
    );
    let settings = json!({
        "parameters": name,
        "get": operation("Shows how calls reach a station now", &[], None, 200),
        "patch": operation("Changes how calls reach a station", &[], Some(Body::Json("StationSettings")), 202),
    });
    let list = json!({ "get": operation("Lists stations with settings of their own", &paging(), None, 200) });
    let state = operation("Tells whether working hours hold, and until when", &[parameter("at")], None, 200);
    [
        ("/hours/{name}/state".to_owned(), json!({ "parameters": name, "get": state })),
        ("/station-settings".to_owned(), list),
        ("/stations/{name}/settings".to_owned(), settings),
        ("/users/{name}/password".to_owned(), json!({ "parameters": name, "put": password })),
    ]
}

/// Supervisors who take part in agents' calls.
fn supervisions() -> [(String, Value); 2] {
    let id = json!([{ "name": "id", "in": "path", "required": true, "schema": { "type": "string" } }]);
    let list =
        operation("Lists supervisors who take part in agents' calls, the oldest first", &paging(), None, 200);
    let change = operation(
        "Changes how a supervisor takes part; for the supervisor itself and for admins",
        &[],
        Some(Body::Json("Supervision")),
        202,
    );
    let end = operation("Ends a supervision; the agent's call goes on", &[], None, 202);
    [
        ("/supervisions".to_owned(), json!({ "get": list })),
        ("/supervisions/{id}".to_owned(), json!({ "parameters": id, "patch": change, "delete": end })),
    ]
}

/// Something done with a part of a live call.
fn of_part(name: &str, kind: &str, summary: &str, schema: Option<&'static str>) -> Value {
    let in_path = |name: &str, kind: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } });
    json!({
        "parameters": [in_path("id", "string"), in_path(name, kind)],
        "post": operation(summary, &[], schema.map(Body::Json), 202),
    })
}

fn room() -> Value {
    json!({
        "get": operation("Shows who is in a conference, who speaks, and whether it is locked", &[], None, 200),
        "patch": operation("Locks it, records it, mutes all but moderators", &[], Some(Body::Json("ConferenceRoom")), 202),
        "delete": operation("Ends it for all who are in it", &[], None, 202),
    })
}

fn member() -> Value {
    let in_path =
        |name: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } });
    json!({
        "parameters": [in_path("name"), in_path("call")],
        "patch": operation("Mutes one, or makes it deaf", &[], Some(Body::Json("ConferenceMember")), 202),
        "delete": operation("Takes one out", &[], None, 202),
    })
}

fn tap() -> Value {
    let in_path = |name: &str, kind: &str| json!({ "name": name, "in": "path", "required": true, "schema": { "type": kind } });
    let summary = "Streams a leg's audio over a WebSocket, and plays to it what is sent there";
    let asked = [parameter("audio"), parameter("hz")];
    json!({
        "parameters": [in_path("id", "string"), in_path("leg", "integer")],
        "get": operation(summary, &asked, None, 101),
    })
}

fn sounds(many: &str, group: &str, id: &str) -> [(String, Value); 3] {
    let name = json!({ "name": "name", "in": "path", "required": true, "schema": { "type": "string" } });
    let filter = [group, "origin", "search"].map(parameter);
    let placed = [group, id, "level"].map(parameter);
    let list = json!({
        "get": operation(&format!("Lists {many}, those that ship and those of users"), &[&filter[..], &paging()].concat(), None, 200),
        "post": operation(
            &format!("Takes in a WAV, MP3, Ogg or FLAC file as {many}; level=false leaves its level alone"),
            &placed, Some(Body::Sound), 201,
        ),
    });
    let single = json!({
        "parameters": [name],
        "get": operation("Shows one; the slash in its name is written %2F", &[], None, 200),
        "delete": operation("Deletes one of a user; force=true though it is to be played", &[parameter("force")], None, 204),
    });
    let audio = json!({ "parameters": [name], "get": operation("Gives one as a WAV file", &[], None, 200) });
    [
        (format!("/{many}"), list),
        (format!("/{many}/{{name}}"), single),
        (format!("/{many}/{{name}}/audio"), audio),
    ]
}

/// What an operation takes.
#[derive(Clone, Copy)]
enum Body {
    /// An object of this schema.
    Json(&'static str),
    Toml,
    /// A file of sound.
    Sound,
}

fn paging() -> [Value; 2] {
    ["limit", "cursor"].map(parameter)
}

fn parameter(name: &str) -> Value {
    json!({ "name": name, "in": "query", "schema": { "type": "string" } })
}

fn operation(summary: &str, query: &[Value], body: Option<Body>, success: u16) -> Value {
    let mut operation = json!({
        "summary": summary,
        "parameters": query,
        "responses": {
            success.to_string(): { "description": "Done" },
            "default": { "$ref": "#/components/responses/Problem" },
        },
    });
    let content = body.map(|body| match body {
        Body::Json(schema) => {
            let schema = json!({ "$ref": format!("#/components/schemas/{schema}") });
            json!({ "application/json": { "schema": schema } })
        }
        Body::Toml => json!({ "application/toml": {} }),
        Body::Sound => json!({ "application/octet-stream": {}, "audio/*": {} }),
    });
    if let Some(content) = content {
        operation["requestBody"] = json!({ "required": true, "content": content });
    }
    operation
}
