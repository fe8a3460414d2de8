//! Who is in the play: people, numbers and where their far ends stand.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use base::Entropy;
use provision::Role;

use super::coding::Coding;
use super::script::Guest;

/// The trunk to the public network.
pub(super) const CARRIER: &str = "carrier";
/// Where the carrier stands.
pub(super) const CARRIER_IP: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3));
/// The most agents: each has an address of 127.0.0.0/24 of its own.
pub(crate) const MOST_AGENTS: u8 = 200;
/// The number shown on calls out.
const SHOWN: &str = "+15550100";
const FIRST_EXTENSION: u32 = 1_001;
/// Where an announcement is heard.
const ANNOUNCEMENT: &str = "+15550100801";
/// Where guests meet.
const CONFERENCE: &str = "+15550100802";
/// As many as meet.
const GUESTS: usize = 3;
/// By which every other desk's calls are recorded.
const POLICY: &str = "quality";
/// The host part of the first agent's address.
const FIRST_HOST: u8 = 11;
const NAMES: [&str; 12] =
    ["Ana", "Ben", "Cleo", "Dev", "Eva", "Finn", "Gita", "Hugo", "Ines", "Jan", "Kim", "Lena"];

/// Everybody.
#[derive(Debug)]
pub(super) struct Scene {
    /// The agents.
    pub(super) agents: Vec<Agent>,
    /// Those who only log in.
    others: Vec<Login>,
}

/// An agent with a phone.
#[derive(Debug)]
pub(super) struct Agent {
    /// The extension, also the SIP user.
    pub(super) extension: String,
    /// The SIP password.
    pub(super) secret: String,
    /// The number that leads here from outside.
    pub(super) did: String,
    /// Where the phone stands.
    pub(super) ip: IpAddr,
    /// What the phone speaks.
    pub(super) coding: Coding,
    login: Login,
}

/// Somebody who logs in.
#[derive(Clone, Debug)]
pub(super) struct Login {
    /// As whom.
    pub(super) login: String,
    /// With what.
    pub(super) password: String,
    /// Which role.
    pub(super) role: Role,
    name: String,
}

impl Scene {
    /// So many agents (1 to `MOST_AGENTS`), an owner, an admin and a supervisor, all with passwords nobody knows.
    pub(super) fn new(agents: u8, entropy: &mut dyn Entropy) -> Self {
        let agents = (0..agents.clamp(1, MOST_AGENTS)).map(|at| Agent::new(at, entropy)).collect();
        let roles = [("owner", Role::Owner), ("admin", Role::Admin), ("supervisor", Role::Supervisor)];
        let others = roles.map(|(login, role)| Login::new(login, login, role, entropy)).to_vec();
        Self { agents, others }
    }

    /// One login of each role.
    pub(super) fn logins(&self) -> impl Iterator<Item = &Login> {
        self.others.iter().chain(self.agents.first().map(|agent| &agent.login))
    }

    /// Those who call from outside to meet and to listen, each with a codec of its own.
    pub(super) fn guests() -> impl Iterator<Item = (Guest, Coding)> {
        (0..GUESTS).map(|at| {
            let (conference, announcement) = (CONFERENCE.to_owned(), ANNOUNCEMENT.to_owned());
            (Guest { number: format!("+1555031000{at}"), conference, announcement }, Coding::of(at))
        })
    }

    /// What is set up, as a provisioning file.
    pub(super) fn toml(&self, carrier: SocketAddr) -> String {
        let mut text = format!(
            "[[trunk]]\nname = \"{CARRIER}\"\nhosts = [\"{}\"]\npeer = \"sip:{carrier}\"\nhealth_secs = 5\n\
             [[dial_rule]]\npattern = \"^\\\\+?[0-9]{{7,15}}$\"\ntrunks = [\"{CARRIER}\"]\ncaller_id = \"{SHOWN}\"\n\
             [[recording_policy]]\nname = \"{POLICY}\"\nwhen = \"all\"\n\
             [[conference]]\nname = \"meeting\"\n\
             [[number]]\ndid = \"{ANNOUNCEMENT}\"\nto = \"play:queue/welcome\"\n\
             [[number]]\ndid = \"{CONFERENCE}\"\nto = \"conference:meeting\"\n",
            carrier.ip()
        );
        let people = self.others.iter().chain(self.agents.iter().map(|agent| &agent.login));
        people.for_each(|login| login.write(&mut text));
        self.agents.iter().enumerate().for_each(|(at, agent)| agent.write(at, &mut text));
        text
    }
}

impl Agent {
    fn new(at: u8, entropy: &mut dyn Entropy) -> Self {
        let extension = (FIRST_EXTENSION + u32::from(at)).to_string();
        let name =
            NAMES.get(usize::from(at)).map_or_else(|| format!("Agent {extension}"), ToString::to_string);
        let login = name.to_lowercase().replace(' ', "");
        Self {
            did: format!("{SHOWN}{}", &extension),
            secret: entropy.token(),
            ip: Ipv4Addr::new(127, 0, 0, FIRST_HOST.saturating_add(at)).into(),
            coding: Coding::of(at.into()),
            login: Login::new(&login, &name, Role::Agent, entropy),
            extension,
        }
    }

    /// Every other number leads to the person, the rest to the desk, which is recorded: both ways are walked.
    fn write(&self, at: usize, text: &mut String) {
        let Self { extension, secret, did, login: Login { login, .. }, .. } = self;
        let desk = at.is_multiple_of(2);
        let recording = if desk { format!("recording = \"{POLICY}\"\n") } else { String::new() };
        let to = if desk { format!("station:{extension}") } else { format!("user:{login}") };
        let written = write!(
            text,
            "[[station]]\nextension = \"{extension}\"\nuser = \"{login}\"\npassword = \"{secret}\"\n{recording}\
             [[number]]\ndid = \"{did}\"\nto = \"{to}\"\n"
        );
        written.expect("a String takes everything");
    }
}

impl Login {
    fn new(login: &str, name: &str, role: Role, entropy: &mut dyn Entropy) -> Self {
        Self { login: login.to_owned(), name: name.to_owned(), role, password: entropy.token() }
    }

    fn write(&self, text: &mut String) {
        let Self { login, password, role, name } = self;
        let role = word(*role);
        let written = write!(
            text,
            "[[user]]\nlogin = \"{login}\"\nname = \"{name}\"\nrole = \"{role}\"\npassword = \"{password}\"\n"
        );
        written.expect("a String takes everything");
    }
}

/// A role as provisioning writes it.
pub(super) fn word(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Admin => "admin",
        Role::Owner => "owner",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use base::testing::Seeded;
    use provision::{CannotHash, Directory, PasswordHasher, Reading};

    use super::*;

    struct NoHash;

    impl PasswordHasher for NoHash {
        fn hash(&self, _password: &str) -> Result<String, CannotHash> {
            Ok("$argon2id$".to_owned())
        }

        fn verify(&self, _password: &str, _hash: &str) -> bool {
            false
        }
    }

    #[test]
    fn the_largest_scene_is_a_valid_provisioning_file() {
        let scene = Scene::new(u8::MAX, &mut Seeded::new(1));
        let text = scene.toml("127.0.0.3:5060".parse().unwrap());
        let reading = Reading { realm: "tandem", current: &Directory::default(), hasher: &NoHash };
        let plan = provision::plan(&[("demo", &text)], &reading).expect("valid");
        let wanted = plan.wanted;
        let agents = usize::from(MOST_AGENTS);
        assert_eq!(
            (wanted.stations.len(), wanted.numbers.len(), wanted.users.len()),
            (agents, agents + 2, agents + 3)
        );
        let addresses: HashSet<IpAddr> = scene.agents.iter().map(|agent| agent.ip).collect();
        assert_eq!(addresses.len(), agents);
    }

    #[test]
    fn every_role_has_a_login_and_no_password_twice() {
        let scene = Scene::new(2, &mut Seeded::new(1));
        let roles: Vec<Role> = scene.logins().map(|login| login.role).collect();
        assert_eq!(roles, [Role::Owner, Role::Admin, Role::Supervisor, Role::Agent]);
        let passwords: HashSet<&str> = scene.logins().map(|login| login.password.as_str()).collect();
        assert_eq!(passwords.len(), 4);
    }
}
