//! The measurements of one run, each made by callgen in a process of its own.

use std::io;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::clock;
use crate::figures::{Cost, Packets, Percentiles, Report};
use crate::node::{Floor, Node, provisioning, wait_for};
use crate::verdict::{Figure, Verdict};

/// Hostile packets a second.
const HOSTILE: u32 = 20_000;
/// Wrong passwords for each kind of user with each method.
const GUESSES: u16 = 2_000;
/// Phones' keys that watch one line.
const WATCHERS: u32 = 5_000;
/// By then they all do.
const SUBSCRIBED: Duration = Duration::from_secs(6);
/// `[limits]` under which strangers are answered however many they are.
const OPEN_DOORS: &str = "stranger_per_sec = 1000000\nstrangers_per_sec = 1000000\n";

/// Where the programs are and how much to measure.
#[derive(Debug, Clone)]
pub struct Bench {
    /// The switch.
    pub tandem: PathBuf,
    /// The load tool.
    pub callgen: PathBuf,
    /// The bare forwarder.
    pub floor: PathBuf,
    /// The engine without sockets, against codecs alone.
    pub audio: PathBuf,
    /// [`clock::nanos`] after which nothing more is begun and what runs is ended.
    pub deadline_ns: u64,
    /// Calls without RTP, and how many per second.
    pub calls: (u32, u32),
    /// Calls with RTP at a time.
    pub live: u32,
    /// Times that switch and floor take turns.
    pub rounds: u32,
    /// Seconds per turn.
    pub secs: u32,
    /// Calls held for the memory figure.
    pub held: u32,
    /// Registrations.
    pub registrations: u32,
}

impl Bench {
    /// Memory per live call: on a fresh switch that has carried a few calls, so that growth is the calls'.
    /// RTP flows at a tenth of its rate, which needs the same memory and leaves the machine time.
    pub fn memory(&self, node: &Node, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        self.callgen(node.pid(), &format!("calls --to {} --rate 50 --count 50 --rtp", node.sip), tell)?;
        let held = self.held;
        let args = format!("live --to {} --rate 200 --count {held} --secs 4 --rtp --ptime 200", node.sip);
        let report = self.callgen(node.pid(), &args, tell)?;
        let cost = cost(&report);
        let each = cost.bytes_each.unwrap_or(f64::INFINITY) / 1_000.0;
        verdict.figures.extend([
            Figure::note("idle_memory", cost.idle_bytes as f64 / 1e6, "MB"),
            Figure::note("memory_per_live_call", each, "kB").aim(40.0),
            Figure::note("memory_failed_calls", bad(&report), "").aim(0.0),
        ]);
        Ok(())
    }

    /// CPU per call and setup times, without RTP.
    pub fn calls(&self, node: &Node, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let (count, rate) = self.calls;
        let args = format!("calls --to {} --rate {rate} --count {count} --hold 200", node.sip);
        let report = self.callgen(node.pid(), &args, tell)?;
        let setup = report.setup.ok_or_else(|| io::Error::other("no call was answered"))?;
        let each = cost(&report).cpu_ms_each.unwrap_or(f64::INFINITY);
        verdict.figures.extend([
            Figure::note("cpu_per_call", each, "ms")
                .aim(0.30)
                .others("Asterisk 3.3-3.7, RustPBX 4.9-5.5, FreeSWITCH 10.6-13.7"),
            Figure::note("setup_p50", setup.p50_ms, "ms").others("Asterisk 2, RustPBX 105, FreeSWITCH 26"),
            Figure::note("setup_p99", setup.p99_ms, "ms"),
            Figure::note("failed_calls", bad(&report), "").aim(0.0),
        ]);
        Ok(())
    }

    /// CPU per live call and latency against the floor, taking turns so that both meet the same machine;
    /// the round that other processes disturbed least counts, for each of the two.
    pub fn media(&self, node: &Node, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let (live, secs) = (self.live, self.secs);
        let crowd = format!("--rate 200 --count {live} --secs {secs}");
        let mut turns = Vec::new();
        for _ in 0..self.rounds {
            let switch = self.callgen(node.pid(), &format!("live --to {} {crowd} --rtp", node.sip), tell)?;
            let floor = Floor::start(&self.floor, live)?;
            let bare = self.callgen(floor.pid(), &format!("bare {crowd}"), tell)?;
            turns.push((switch, bare));
        }
        let per_call = |report: &Report| cost(report).cpu_ms_per_call_second.unwrap_or(f64::INFINITY);
        let p99 = |report: &Report| packets(report).latency.map_or(f64::INFINITY, |latency| latency.p99_ms);
        let least =
            |of: &dyn Fn(&(Report, Report)) -> f64| turns.iter().map(of).fold(f64::INFINITY, f64::min);
        let cpu = [least(&|(switch, _)| per_call(switch)), least(&|(_, bare)| per_call(bare))];
        let slow = [least(&|(switch, _)| p99(switch)), least(&|(_, bare)| p99(bare))];
        let lost: u64 =
            turns.iter().map(|(switch, _)| packets(switch)).map(|p| p.sent.saturating_sub(p.received)).sum();
        let failed: f64 = turns.iter().map(|(switch, _)| bad(switch)).sum();
        verdict.figures.extend([
            Figure::note("cpu_per_live_call_second", cpu[0], "ms"),
            Figure::note("floor_per_live_call_second", cpu[1], "ms"),
            Figure::note("ratio_to_floor", cpu[0] / cpu[1], "")
                .aim(1.5)
                .others("RustPBX 3.5, Asterisk 4.1-4.9, FreeSWITCH 8"),
            Figure::note("latency_p99", slow[0], "ms").others("Asterisk 0.72, RustPBX 2.6, FreeSWITCH 40"),
            Figure::note("floor_latency_p99", slow[1], "ms").others("floor then 0.46"),
            Figure::note("latency_over_floor", slow[0] - slow[1], "ms").aim(0.2),
            Figure::note("packets_lost", lost as f64, "").aim(0.0),
            Figure::note("media_failed_calls", failed, "").aim(0.0),
        ]);
        Ok(())
    }

    /// What a refusal costs, and what others notice of 20,000 hostile packets a second.
    pub fn hostile(&self, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let open = Node::start_with(&self.tandem, &provisioning(0), OPEN_DOORS)?;
        let refused = self.callgen(
            open.pid(),
            &format!("flood --to {} --rate 4000 --secs 4 --invites", open.sip),
            tell,
        )?;
        drop(open);
        let node = Node::start(&self.tandem, &provisioning(0))?;
        let quiet = format!("calls --to {} --rate 30 --count 60 --hold 1000 --rtp", node.sip);
        self.callgen(node.pid(), &quiet, tell)?;
        let before = crate::process::resident_bytes(node.pid())?;
        let flood = format!("flood --to {} --rate {HOSTILE} --secs 14", node.sip);
        let mut flooding = self.begin(node.pid(), &flood)?;
        clock::wait(Duration::from_secs(1));
        let crowd = format!("calls --to {} --rate 30 --count 300 --hold 2000 --rtp", node.sip);
        let calls = self.callgen(node.pid(), &crowd, tell);
        let flood = self.finish(&mut flooding, &flood, tell)?;
        let calls = calls?;
        let grown = crate::process::resident_bytes(node.pid())?.saturating_sub(before);
        let setup = calls.setup.ok_or_else(|| io::Error::other("no call was answered under the flood"))?;
        let (rtp, sent) = (packets(&calls), flood.flood.clone().unwrap_or_default());
        let lost = rtp.sent.saturating_sub(rtp.received) as f64 * 1_000.0 / rtp.sent.max(1) as f64;
        verdict.figures.extend([
            Figure::note(
                "cpu_per_refused_invite",
                cost(&refused).cpu_ms_each.unwrap_or(f64::INFINITY) * 1e3,
                "us",
            )
            .aim(10.0),
            Figure::note("hostile_packets_per_second", sent.sent as f64 / 14.0, ""),
            Figure::note("hostile_setup_p99", setup.p99_ms, "ms").aim(100.0),
            Figure::note("hostile_failed_calls", bad(&calls), "").aim(0.0),
            Figure::note("hostile_packets_lost", lost, "permille").aim(1.0),
            Figure::note("hostile_memory_growth", grown as f64 / 1e6, "MB").aim(16.0),
            Figure::note(
                "hostile_amplification",
                sent.octets_heard as f64 / sent.octets_sent.max(1) as f64,
                "",
            )
            .aim(1.2),
        ]);
        Ok(())
    }

    /// Whether the time a refusal takes tells users there are from users there are not (S5).
    pub fn guesses(&self, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let node = Node::start_with(&self.tandem, &provisioning(u32::from(GUESSES)), OPEN_DOORS)?;
        let args = format!("guess --to {} --count {GUESSES}", node.sip);
        let report = self.callgen(node.pid(), &args, tell)?;
        let guesses = report.guesses.ok_or_else(|| io::Error::other("no guess was refused"))?;
        let apart = |[known, unknown]: [Percentiles; 2]| (known.p50_ms / unknown.p50_ms - 1.0).abs() * 100.0;
        verdict.figures.extend([
            Figure::note("guessed_register_apart", apart(guesses.register), "%").aim(5.0),
            Figure::note("guessed_invite_apart", apart(guesses.invite), "%").aim(5.0),
            Figure::note("failed_guesses", report.outcome.failed() as f64, "").aim(0.0),
        ]);
        Ok(())
    }

    /// Memory with many registrations, on a switch of its own that knows as many stations.
    pub fn registrations(&self, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let count = self.registrations;
        let node = Node::start(&self.tandem, &provisioning(count))?;
        let args = format!("register --to {} --count {count} --rate 5000", node.sip);
        let report = self.callgen(node.pid(), &args, tell)?;
        let cost = cost(&report);
        verdict.figures.extend([
            Figure::note("memory_with_registrations", cost.peak_bytes as f64 / 1e6, "MB").aim(300.0),
            Figure::note("memory_per_registration", cost.bytes_each.unwrap_or(f64::INFINITY), "B"),
            Figure::note("cpu_per_registration", cost.cpu_ms_each.unwrap_or(f64::INFINITY), "ms"),
            Figure::note("failed_registrations", report.outcome.failed() as f64, "").aim(0.0),
        ]);
        Ok(())
    }

    /// 5,000 watch one line while calls come to it: what each NOTIFY costs, how late it comes, and what it does to calls
    /// beside it.
    pub fn lamps(&self, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let watched = "\n[[number]]\ndid = \"8\"\nto = \"station:100000\"\n";
        let node = Node::start(&self.tandem, &(provisioning(WATCHERS / 50 + 1) + watched))?;
        let args = format!("lamps --to {} --watchers {WATCHERS}", node.sip);
        let report = self.callgen(node.pid(), &args, tell)?;
        let (cost, lamps) = (cost(&report), report.lamps.unwrap_or_default());
        let worst = [lamps.early, lamps.confirmed, lamps.over];
        let worst = worst.into_iter().map(|spread| spread.map_or(f64::INFINITY, |spread| spread.p99_ms));
        let each = |value: Option<f64>| value.unwrap_or(f64::INFINITY);
        verdict.figures.extend([
            Figure::note("cpu_per_notify", each(cost.cpu_ms_each) * 1_000.0, "µs"),
            Figure::note("memory_per_subscription", each(cost.bytes_each) / 1_000.0, "kB"),
            Figure::note("lamp_p99", worst.fold(0.0, f64::max), "ms").aim(1_000.0),
            Figure::note("lamps_untold", lamps.expected.saturating_sub(lamps.notifies) as f64, "").aim(0.0),
        ]);
        drop(node);
        let node = Node::start(&self.tandem, &(provisioning(WATCHERS / 50 + 1) + watched))?;
        let args = format!("lamps --to {} --watchers {WATCHERS}", node.sip);
        let mut beside = self.begin(node.pid(), &args)?;
        clock::wait(SUBSCRIBED);
        let report =
            self.callgen(node.pid(), &format!("calls --to {} --rate 100 --count 1000", node.sip), tell)?;
        self.finish(&mut beside, &args, tell)?;
        let p99 = report.setup.map_or(f64::INFINITY, |setup| setup.p99_ms);
        verdict.figures.extend([
            Figure::note("lamps_setup_p99", p99, "ms").aim(100.0),
            Figure::note("lamps_failed_calls", report.outcome.failed() as f64, "").aim(0.0),
        ]);
        Ok(())
    }

    /// Mixing, transcoding, recording and playing, in a process of its own that has its own floors.
    pub fn audio(&self, verdict: &mut Verdict, tell: fn(&str)) -> io::Result<()> {
        let mut child = Command::new(&self.audio).arg("--json").stdout(Stdio::piped()).spawn()?;
        let text = self.output(&mut child, "audio")?;
        let audio: Verdict = serde_json::from_str(&text).map_err(io::Error::other)?;
        tell("audio measured");
        verdict.figures.extend(audio.figures);
        Ok(())
    }

    fn callgen(&self, pid: u32, args: &str, tell: fn(&str)) -> io::Result<Report> {
        let mut child = self.begin(pid, args)?;
        self.finish(&mut child, args, tell)
    }

    fn begin(&self, pid: u32, args: &str) -> io::Result<Child> {
        let mut command = Command::new(&self.callgen);
        command.args(["--json", "--pid", &pid.to_string()]).args(args.split_whitespace());
        command.stdout(Stdio::piped()).spawn()
    }

    fn finish(&self, child: &mut Child, args: &str, tell: fn(&str)) -> io::Result<Report> {
        let text = self.output(child, &format!("callgen {args}"))?;
        let report: Report = serde_json::from_str(&text)
            .map_err(|error| io::Error::other(format!("callgen {args}: {error}")))?;
        tell(&report.to_string());
        Ok(report)
    }

    fn output(&self, child: &mut Child, what: &str) -> io::Result<String> {
        let left = Duration::from_nanos(self.deadline_ns.saturating_sub(clock::nanos()));
        let ended = wait_for(child, left)?;
        let mut text = String::new();
        if let Some(mut output) = child.stdout.take() {
            output.read_to_string(&mut text)?;
        }
        if ended.is_none() {
            return Err(io::Error::other(format!("no time left for: {what}")));
        }
        Ok(text)
    }
}

/// Calls that failed or whose media does not pass the switch.
fn bad(report: &Report) -> f64 {
    (report.outcome.failed() + report.outcome.unanchored) as f64
}

fn cost(report: &Report) -> Cost {
    report.cost.clone().unwrap_or_default()
}

fn packets(report: &Report) -> Packets {
    report.packets.clone().unwrap_or_default()
}
