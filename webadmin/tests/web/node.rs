//! A node for tests: a store in a folder of its own, what is set up, one live call, one phone.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{HeaderMap, Request, StatusCode, header};
use base::RecordingId;
use base::mail::{GreetingKind, MailFile};
use base::media::{LegMedia, TapId};
use base::{CallId, CallOrder, Mono, Now, RoomOrder, Wall};
use peer::guard::Place;
use phone::login::PhoneKey;
use phone::vendor::Transports;
use provision::{Directory, Entity, ForwardTo, Plan, Role, Settings, SettingsChange, User};
use serde_json::Value;
use sounds::shelf::{Held, Levelling, Origin, SoundName, UploadFault};
use store::{Store, StoredGreeting};
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tower::ServiceExt as _;
use webadmin::view::{BanView, CallView, DoingView, LegView, Live, RegistrationView};
use webadmin::{
    ApplyError, GreetError, HangUpError, Later, MailChange, Metric, NoSuchBan, Node, OrderError, PhoneDesk,
    Ports, Readiness, RecordingAudio, RecordingFiles, SettingsError, Shown, Sounds, TapLine, auth,
};

/// The token of commands on the machine: owner.
pub(crate) const LOCAL: &str = "local-token";
/// The call that is up.
pub(crate) const LIVE_CALL: &str = "call_0000000000000007";
/// The recording that there is, and what it holds.
pub(crate) const RECORDING: &str = "rec_0000000000000009";
pub(crate) const AUDIO: &str = "RIFF and then some octets";
/// The password of every user.
pub(crate) const PASSWORD: &str = "correct horse";
/// When it is.
pub(crate) const NOW: Wall = Wall(1_700_000_000_000_000);

/// The node behind the web layer.
pub(crate) struct Fake {
    store: Store,
    inner: Mutex<Inner>,
    /// Uploads that ended because nobody waited for them.
    pub(crate) stopped: AtomicUsize,
}

struct Inner {
    directory: Arc<Directory>,
    later: Duration,
    ready: bool,
    hung_up: Vec<CallId>,
    orders: Vec<CallOrder>,
    /// What is under way in the only call, once that is answered.
    doing: Option<DoingView>,
    room_orders: Vec<(String, RoomOrder)>,
    bans: Vec<BanView>,
    sounds: Vec<Held>,
    settings: Arc<Settings>,
    mail: Vec<MailChange>,
}

/// One file that is there.
struct Files;

impl RecordingFiles for Files {
    fn open(&self, path: &str, recording: RecordingId) -> std::io::Result<Arc<dyn RecordingAudio>> {
        assert_eq!((path, recording.to_string().as_str()), ("2023/11/14/x.wav.sealed", RECORDING));
        Ok(Arc::new(Self))
    }

    fn delete(&self, _path: &str) -> std::io::Result<()> {
        Ok(())
    }
}

impl RecordingAudio for Files {
    fn octets(&self) -> u64 {
        AUDIO.len() as u64
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> std::io::Result<usize> {
        let rest = AUDIO.as_bytes().get(at as usize..).unwrap_or_default();
        let length = rest.len().min(into.len()).min(5);
        into[..length].copy_from_slice(&rest[..length]);
        Ok(length)
    }
}

/// The web layer under test.
pub(crate) struct Site {
    router: Router,
    pub(crate) fake: Arc<Fake>,
    pub(crate) store: Store,
    folder: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Node for Fake {
    fn now(&self) -> Now {
        let start = Now { mono: Mono(1_000_000), wall: NOW };
        start.later(self.inner.lock().expect("no test panics inside").later)
    }

    fn directory(&self) -> Arc<Directory> {
        Arc::clone(&self.inner.lock().expect("no test panics inside").directory)
    }

    fn live(&self) -> Live {
        let doing = self.inner.lock().expect("no test panics inside").doing.clone();
        Live {
            node: "tandem-test".to_owned(),
            started_at: NOW,
            calls: vec![call(doing)],
            registrations: vec![phone("1001"), phone("1002"), phone("1003")],
            registrations_total: 3,
            bans: self.inner.lock().expect("no test panics inside").bans.clone(),
            ..Live::default()
        }
    }

    fn hang_up(&self, call: CallId) -> Result<(), HangUpError> {
        if call.to_string() != LIVE_CALL {
            return Err(HangUpError::NoSuchCall);
        }
        self.inner.lock().expect("no test panics inside").hung_up.push(call);
        Ok(())
    }

    fn order(&self, call: CallId, order: CallOrder) -> Result<(), OrderError> {
        if call.to_string() != LIVE_CALL {
            return Err(OrderError::NoSuchCall);
        }
        self.inner.lock().expect("no test panics inside").orders.push(order);
        Ok(())
    }

    fn order_room(&self, conference: &str, order: RoomOrder) -> Result<(), OrderError> {
        self.inner.lock().expect("no test panics inside").room_orders.push((conference.to_owned(), order));
        Ok(())
    }

    fn tap(&self, call: CallId, leg: usize, hears: bool, hz: u32, by: &str) -> Result<TapLine, OrderError> {
        let (audio_in, audio) = mpsc::channel(4);
        let (words, _said) = mpsc::channel(4);
        self.order(call, CallOrder::Tap { leg, tap: TapId(1), hears, hz, by: by.to_owned() })?;
        drop(audio_in);
        Ok(TapLine { audio, words })
    }

    fn lift(&self, place: Place) -> Later<'_, Result<(), NoSuchBan>> {
        let bans = &mut self.inner.lock().expect("no test panics inside").bans;
        let before = bans.len();
        bans.retain(|ban| ban.place != place.to_string());
        let lifted = bans.len() < before;
        Box::pin(async move { if lifted { Ok(()) } else { Err(NoSuchBan) } })
    }

    fn apply(&self, plan: Plan) -> Later<'_, Result<(), ApplyError>> {
        Box::pin(async move {
            let stored = self.store.apply(&plan.changes, None, NOW).await;
            stored.map_err(|error| ApplyError::Store(error.to_string()))?;
            self.inner.lock().expect("no test panics inside").directory = Arc::new(plan.wanted);
            Ok(())
        })
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.inner.lock().expect("no test panics inside").settings)
    }

    fn change_settings(&self, extension: &str, changes: Vec<SettingsChange>) -> Result<(), SettingsError> {
        if changes.iter().any(|it| matches!(it, SettingsChange::Forward(_, Some(ForwardTo::Number(_))))) {
            return Err(SettingsError::Refused { field: "forward_always", reason: "not dialled".to_owned() });
        }
        let settings = &mut self.inner.lock().expect("no test panics inside").settings;
        let mut changed = settings.of(extension).clone();
        changes.iter().for_each(|change| changed.make(change));
        assert!(Arc::make_mut(settings).put(extension, changed), "there is room");
        Ok(())
    }

    fn recordings(&self) -> Option<Arc<dyn RecordingFiles>> {
        Some(Arc::new(Files))
    }

    fn mail_files(&self) -> Option<Arc<dyn RecordingFiles>> {
        Some(Arc::new(Files))
    }

    fn mail_changed(&self, change: MailChange) -> Result<(), OrderError> {
        self.inner.lock().expect("no test panics inside").mail.push(change);
        Ok(())
    }

    /// Whatever holds for other sounds holds for greetings; the post has settled each at once.
    fn greet(
        &self,
        mailbox: &str,
        kind: GreetingKind,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<u64, GreetError> {
        let held = self.upload(&"es/greeting".parse().expect("a good name"), file, levelling, stop)?;
        let audio_ms = held.ms.expect("a length");
        let file = MailFile { recording: RECORDING.parse().expect("an id"), path: Arc::from("x.wav") };
        let greeting = StoredGreeting { mailbox: mailbox.to_owned(), kind, file, at: NOW, audio_ms };
        Handle::current().block_on(self.store.put_greeting(&greeting)).expect("stored");
        Ok(audio_ms)
    }

    fn metrics(&self) -> Vec<Metric> {
        vec![Metric::gauge("tandem_live_calls", "Calls up.", 1.0)]
    }

    fn warnings(&self) -> Vec<String> {
        vec!["2 stations need their passwords set again".to_owned()]
    }

    fn readiness(&self) -> Readiness {
        let ready = self.inner.lock().expect("no test panics inside").ready;
        let reasons = if ready { Vec::new() } else { vec!["draining".to_owned()] };
        Readiness::unless(reasons)
    }
}

/// Keeps names alone; a file that begins with `bad` is damaged, `slow` takes until it is stopped.
impl Sounds for Fake {
    fn list(&self) -> Vec<Held> {
        self.inner.lock().expect("no test panics inside").sounds.clone()
    }

    fn wav(&self, name: &SoundName) -> Option<Vec<u8>> {
        self.list().into_iter().find(|held| held.name == *name).map(|_| b"RIFF".to_vec())
    }

    fn upload(
        &self,
        name: &SoundName,
        file: &[u8],
        levelling: Levelling,
        stop: &AtomicBool,
    ) -> Result<Held, UploadFault> {
        match file {
            [] => return Err(UploadFault::Empty),
            [b'b', b'a', b'd', ..] => {
                return Err(UploadFault::Damaged {
                    at_ms: 1_230,
                    detail: "it ends in the middle".to_owned(),
                });
            }
            b"slow" => {
                while !stop.load(Ordering::Relaxed) {
                    std::thread::yield_now();
                }
                self.stopped.fetch_add(1, Ordering::Relaxed);
                return Err(UploadFault::Stopped);
            }
            [b'?', ..] => return Err(UploadFault::UnknownKind),
            [..] => {}
        }
        let ms = if levelling == Levelling::Level { 500 } else { 700 };
        let origin = Origin::User { at_s: NOW.millis() as u64 / 1_000, overrides: false };
        let held = Held { name: name.clone(), origin, ms: Some(ms), octets: file.len() as u64 };
        let sounds = &mut self.inner.lock().expect("no test panics inside").sounds;
        sounds.retain(|held| held.name != *name);
        sounds.push(held.clone());
        sounds.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(held)
    }

    fn remove(&self, name: &SoundName) -> std::io::Result<bool> {
        let sounds = &mut self.inner.lock().expect("no test panics inside").sounds;
        let before = sounds.len();
        sounds.retain(|held| held.name != *name);
        Ok(sounds.len() < before)
    }
}

fn shipped() -> Vec<Held> {
    let name = |text: &str| text.parse().expect("a good name");
    let origin = Origin::Shipped { text: "Bienvenido.", licence: "MIT" };
    let held = |text| Held { name: name(text), origin: origin.clone(), ms: Some(900), octets: 2_000 };
    ["es/menu/hello", "es/menu/welcome", "music/default/morning"].map(held).into()
}

impl Fake {
    pub(crate) fn drain(&self) {
        self.inner.lock().expect("no test panics inside").ready = false;
    }

    pub(crate) fn ban(&self, place: &str) {
        let ban = BanView { place: place.to_owned(), since: NOW, until: NOW, times: 1 };
        self.inner.lock().expect("no test panics inside").bans.push(ban);
    }

    pub(crate) fn pass(&self, time: Duration) {
        self.inner.lock().expect("no test panics inside").later += time;
    }

    /// The call is answered, and this is under way in it.
    pub(crate) fn talk(&self, doing: DoingView) {
        self.inner.lock().expect("no test panics inside").doing = Some(doing);
    }

    pub(crate) fn room_orders(&self) -> Vec<(String, RoomOrder)> {
        self.inner.lock().expect("no test panics inside").room_orders.clone()
    }

    pub(crate) fn orders(&self) -> Vec<CallOrder> {
        self.inner.lock().expect("no test panics inside").orders.clone()
    }

    /// What was told of mailboxes, or asked for.
    pub(crate) fn mail(&self) -> Vec<MailChange> {
        self.inner.lock().expect("no test panics inside").mail.clone()
    }

    pub(crate) fn hung_up(&self) -> usize {
        self.inner.lock().expect("no test panics inside").hung_up.len()
    }
}

impl Site {
    /// A site with the users `ana` (agent), `sue` (supervisor), `adam` (admin) and `olga` (owner).
    pub(crate) async fn new() -> Self {
        let unique = auth::random().expect("randomness");
        let folder = std::env::temp_dir().join(format!("tandem-web-{unique}"));
        std::fs::create_dir(&folder).expect("a folder");
        let url = format!("sqlite:{}", folder.join("tandem.db").display());
        let store = Store::open(&url).await.expect("a store");
        let inner = Inner {
            directory: Arc::default(),
            later: Duration::ZERO,
            ready: true,
            hung_up: Vec::new(),
            orders: Vec::new(),
            doing: None,
            room_orders: Vec::new(),
            settings: Arc::default(),
            mail: Vec::new(),
            bans: Vec::new(),
            sounds: shipped(),
        };
        let fake =
            Arc::new(Fake { store: store.clone(), inner: Mutex::new(inner), stopped: AtomicUsize::new(0) });
        fake.apply(people()).await.expect("users");
        let ports = Ports {
            sounds: Arc::clone(&fake) as Arc<dyn Sounds>,
            node: Arc::clone(&fake) as Arc<dyn Node>,
            store: store.clone(),
            realm: "tandem".to_owned(),
            public_url: String::new(),
            local_token: Some(auth::digest(LOCAL)),
            phones: PhoneDesk {
                key: PhoneKey::new([7; 32]),
                node: phone::vendor::Node {
                    host: String::new(),
                    transports: Transports { udp: Some(5_060), tcp: Some(5_060), tls: Some(5_061) },
                    language: "en".to_owned(),
                    session_secs: 1_800,
                },
                https_port: Some(8_443),
                plain: false,
            },
        };
        Self { router: webadmin::router(ports), fake, store, folder }
    }

    /// Sends a request from 198.51.100.7 and reads the answer.
    pub(crate) async fn send(&self, mut request: Request<Body>) -> Answer {
        let from = SocketAddr::from(([198, 51, 100, 7], 40_000));
        if request.extensions().get::<ConnectInfo<SocketAddr>>().is_none() {
            request.extensions_mut().insert(ConnectInfo(from));
        }
        let answer = self.router.clone().oneshot(request).await.expect("a router always answers");
        let (parts, body) = answer.into_parts();
        let octets = to_bytes(body, usize::MAX).await.expect("a whole body");
        let text = String::from_utf8(octets.to_vec()).expect("UTF-8");
        Answer { status: parts.status, headers: parts.headers, text }
    }

    /// Sends a request to the API with a token; a body goes as JSON.
    pub(crate) async fn api(&self, token: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// Asks for a page in a language.
    pub(crate) async fn page(&self, path: &str, cookie: &str, language: &str) -> Answer {
        let request = Request::builder().uri(path).header(header::COOKIE, cookie);
        let request = request.header(header::ACCEPT_LANGUAGE, language);
        self.send(request.body(Body::empty()).expect("a request")).await
    }

    /// Uploads a file.
    pub(crate) async fn upload(&self, token: &str, path: &str, file: Vec<u8>) -> Answer {
        let request = Request::builder().method("POST").uri(format!("/api/v1{path}"));
        let request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        let request = request.header(header::CONTENT_LENGTH, file.len());
        self.send(request.body(Body::from(file)).expect("a request")).await
    }

    /// The same from one of our own pages, with the session's cookie.
    pub(crate) async fn session(&self, cookie: &str, method: &str, path: &str, body: &str) -> Answer {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header(header::COOKIE, cookie).header("sec-fetch-site", "same-origin");
        let request = request.header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(Body::from(body.to_owned())).expect("a request")).await
    }

    /// The web layer itself.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The web layer as a socket shows it.
    pub(crate) fn shown(&self) -> Shown {
        let (front, shown) = webadmin::front();
        front.open(self.router());
        shown
    }

    /// A new token of a role.
    pub(crate) async fn token(&self, role: &str) -> String {
        let body = format!(r#"{{"name":"for {role}","role":"{role}"}}"#);
        let answer = self.api(LOCAL, "POST", "/tokens", &body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        answer.json()["token"].as_str().expect("a secret").to_owned()
    }

    /// Logs in; the answer as it came.
    pub(crate) async fn log_in(&self, login: &str, password: &str) -> Answer {
        let form = format!("login={login}&password={}", password.replace(' ', "+"));
        let request = Request::builder().method("POST").uri("/login");
        let request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(form)).expect("a request")).await
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).expect("JSON")
    }

    /// `name=value` of the cookie it sets.
    pub(crate) fn cookie(&self) -> String {
        let cookie = self.headers[header::SET_COOKIE].to_str().expect("text");
        cookie.split(';').next().expect("a first part").to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers[header::CONTENT_TYPE], "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["title"].is_string() && problem["type"].is_string());
        problem
    }
}

fn people() -> Plan {
    let password_hash = auth::Hasher::default().hash(PASSWORD).expect("a hash");
    let people =
        [("ana", Role::Agent), ("sue", Role::Supervisor), ("adam", Role::Admin), ("olga", Role::Owner)];
    let user = |(login, role): (&str, Role)| User {
        role,
        password_hash: password_hash.clone(),
        ..User::called(login)
    };
    let mut wanted = Directory::default();
    people.map(user).map(Entity::User).into_iter().for_each(|user| wanted.put(user));
    Plan { changes: provision::diff(&Directory::default(), &wanted), wanted }
}

fn leg(endpoint: &str) -> LegView {
    LegView {
        endpoint: endpoint.to_owned(),
        state: "talking".to_owned(),
        codec: "PCMU".to_owned(),
        flow: "sendrecv".to_owned(),
        ..LegView::default()
    }
}

fn call(doing: Option<DoingView>) -> CallView {
    CallView {
        id: LIVE_CALL.to_owned(),
        started_at: NOW,
        answered_at: None,
        from: "trunk:carrier".to_owned(),
        caller: "+15550199".to_owned(),
        caller_name: String::new(),
        dialled: "+15550100".to_owned(),
        to: "station:1001".to_owned(),
        state: if doing.is_some() { "talking" } else { "ringing" }.to_owned(),
        codec: String::new(),
        session_id: String::new(),
        user_to_user: String::new(),
        legs: vec![
            LegView {
                media: LegMedia { received: 250, mos_centi: 441, ..LegMedia::default() },
                troubles: vec!["one_way".to_owned()],
                ..leg("trunk:carrier")
            },
            leg("station:1001"),
        ],
        recording: "on".to_owned(),
        slot: Some(701),
        supervision: None,
        worker: 0,
        doing: doing.unwrap_or_default(),
        conference: "team".to_owned(),
        moderates: true,
        waits: false,
        happenings: Vec::new(),
    }
}

fn phone(extension: &str) -> RegistrationView {
    RegistrationView {
        extension: extension.to_owned(),
        contact: format!("sip:{extension}@127.0.0.9:5060"),
        source: "127.0.0.9:5060".to_owned(),
        transport: "udp".to_owned(),
        user_agent: "Phone".to_owned(),
        expires_at: NOW + Duration::from_secs(3_600),
    }
}
