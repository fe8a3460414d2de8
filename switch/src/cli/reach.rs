//! A running node through its API, a stopped one through its store.

use std::path::Path;

use provision::{Directory, Entity, Plan, Reading, Role, Secrets, User};
use store::{Store, StoreError};
use switch::clock::Clock;
use switch::realm::Realms;
use tokio::runtime::{Builder, Runtime};
use webadmin::auth;

use super::data::{DataError, Held, announced};
use super::files::Files;
use super::remote::Remote;
use super::{Failure, ReachArgs};

/// The environment variable for `--token`.
const TOKEN: &str = "TANDEM_TOKEN";

/// What a command changed, or would change.
#[derive(Debug, Default)]
pub(crate) struct Difference {
    /// One line for each change.
    pub(crate) text: String,
    /// What is wrong with the setup, a sentence each.
    pub(crate) warnings: Vec<String>,
}

/// How a node is reached.
pub(crate) enum Reach {
    /// By its API.
    Running(Remote),
    /// By its store, which stays ours until dropped.
    Stopped(Box<Stopped>),
}

/// What happens when there is no data folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    /// It is made.
    Make,
    /// The command fails.
    Refuse,
    /// It stays missing.
    Leave,
}

/// A node that does not run.
pub(crate) struct Stopped {
    runtime: Runtime,
    store: Store,
    directory: Directory,
    realm: String,
    hasher: auth::Hasher,
    _held: Option<Held>,
}

impl Reach {
    /// By `--url` when given; else whatever the data folder says.
    pub(crate) fn of(args: &ReachArgs, missing: Missing) -> Result<Self, Failure> {
        if let Some(url) = &args.url {
            let token = args.token.clone().or_else(|| std::env::var(TOKEN).ok());
            let token = token.ok_or_else(|| Failure::input(format!("--url needs --token or {TOKEN}")))?;
            return Remote::new(url, &token).map(Self::Running);
        }
        let data = &args.node.data;
        if missing == Missing::Refuse && !data.is_dir() {
            return Err(Failure::input(format!("--data: there is no folder {}", data.display())));
        }
        if missing == Missing::Leave && !data.is_dir() {
            return Stopped::open(args, None).map(Box::new).map(Self::Stopped);
        }
        match Held::take(data) {
            Ok(held) => Stopped::open(args, Some(held)).map(Box::new).map(Self::Stopped),
            Err(error @ DataError::InUse { .. }) => {
                let run = announced(data).ok_or_else(|| Failure::running(format!("{error}; try again")))?;
                Remote::new(&run.url, &run.token).map(Self::Running)
            }
            Err(error @ DataError::Io { .. }) => Err(Failure::running(error)),
        }
    }
}

impl Stopped {
    fn open(args: &ReachArgs, held: Option<Held>) -> Result<Self, Failure> {
        let config = args.node.load()?;
        let runtime = Builder::new_current_thread().enable_all().build().map_err(Failure::running)?;
        let store = runtime.block_on(Store::open(&config.store.url_in(&args.node.data))).map_err(of_store)?;
        let directory = runtime.block_on(store.load_directory()).map_err(of_store)?;
        Ok(Self {
            runtime,
            store,
            directory,
            realm: config.sip.realm,
            hasher: auth::Hasher::default(),
            _held: held,
        })
    }

    /// Sets up what the files say, or only tells the difference; one line for each change, and what to warn of.
    pub(crate) fn apply(&self, files: &Files, dry_run: bool) -> Result<Difference, Failure> {
        let reading = Reading { realm: &self.realm, current: &self.directory, hasher: &self.hasher };
        let plan = provision::plan(&files.texts(), &reading).map_err(|problems| of_problems(&problems))?;
        let text = listed(&plan);
        // What is there already counts first: it was set for the realm that the store knows.
        let read = Realms::read(&self.store, &self.realm, &self.directory);
        let realms = self.runtime.block_on(read).map_err(of_store)?.now(&plan.wanted);
        let warnings = realms.stale().iter().map(ToString::to_string).collect();
        if !dry_run {
            self.commit(plan)?;
            self.runtime.block_on(realms.keep(&self.store)).map_err(of_store)?;
        }
        Ok(Difference { text, warnings })
    }

    /// What is set up, as TOML.
    pub(crate) fn export(&self, secrets: Secrets) -> String {
        provision::export(&self.directory, secrets)
    }

    /// Sets a user's password and ends the user's sessions.
    pub(crate) fn set_password(&self, login: &str, password: &str) -> Result<(), Failure> {
        let user = self.directory.users.get(login).cloned();
        let user = user.ok_or_else(|| Failure::input(format!("there is no user {login}")))?;
        let password_hash = self.hasher.hash(password).map_err(Failure::running)?;
        let mut wanted = self.directory.clone();
        wanted.put(Entity::User(User { password_hash, ..user }));
        self.commit(Plan { changes: provision::diff(&self.directory, &wanted), wanted })?;
        self.runtime.block_on(self.store.end_sessions_of(login)).map(drop).map_err(of_store)
    }

    /// Makes a token; its secret.
    pub(crate) fn new_token(&self, name: &str, role: Role) -> Result<String, Failure> {
        let (token, secret) =
            auth::new_token(name, role, Clock::start().now().wall).map_err(Failure::running)?;
        let kept = self.runtime.block_on(self.store.add_token(&token, &auth::digest(&secret)));
        kept.map_err(of_store).map(|()| secret)
    }

    fn commit(&self, plan: Plan) -> Result<(), Failure> {
        if plan.changes.is_empty() {
            return Ok(());
        }
        let now = Clock::start().now().wall;
        self.runtime.block_on(self.store.apply(&plan.changes, None, now)).map(drop).map_err(of_store)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        self.runtime.block_on(self.store.close());
    }
}

/// What the files would set up where no store has been made yet, and is not made now; `None` where there is one.
pub(crate) fn first_plan(args: &ReachArgs, files: &Files) -> Result<Option<Difference>, Failure> {
    if args.url.is_some() {
        return Ok(None);
    }
    let config = args.node.load()?;
    let url = config.store.url_in(&args.node.data);
    let file = url.strip_prefix("sqlite:").map(|file| file.strip_prefix("//").unwrap_or(file));
    if file.is_none_or(|file| Path::new(file).exists()) {
        return Ok(None);
    }
    let (current, hasher) = (Directory::default(), auth::Hasher::default());
    let reading = Reading { realm: &config.sip.realm, current: &current, hasher: &hasher };
    let plan = provision::plan(&files.texts(), &reading).map_err(|problems| of_problems(&problems))?;
    Ok(Some(Difference { text: listed(&plan), warnings: Vec::new() }))
}

fn listed(plan: &Plan) -> String {
    plan.changes.iter().map(|change| format!("{change}\n")).collect()
}

/// A wrong URL is the user's, everything else the world's.
pub(crate) fn of_store(error: StoreError) -> Failure {
    if matches!(error, StoreError::Url { .. }) {
        return Failure::input(format!("[store] url: {error}"));
    }
    Failure::running(error)
}

/// One line for each problem.
pub(crate) fn of_problems(problems: &[provision::Problem]) -> Failure {
    let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
    Failure::Input(lines.join("\n"))
}
