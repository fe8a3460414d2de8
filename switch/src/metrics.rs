//! Every figure of the node for `/metrics`.

use std::collections::BTreeMap;

use call::ShardView;
use media_io::WorkerStats;
use webadmin::{Metric, MetricKind, Sample};

use crate::hub::{Hub, Phase};

/// All figures; counters are summed over the shards.
pub(crate) fn of(hub: &Hub) -> Vec<Metric> {
    let views: Vec<_> = hub.views().collect();
    let mut metrics = node(hub);
    metrics.extend(held(&views));
    metrics.extend(counted(&views));
    metrics.push(endings(&views));
    metrics.extend(trunks(&views));
    metrics.extend(network(hub));
    metrics.extend(hub.dns.iter().map(|dns| questions(dns)));
    metrics.extend(media(hub));
    metrics.extend(sounds(hub));
    metrics.extend(recordings(hub));
    metrics
}

fn node(hub: &Hub) -> Vec<Metric> {
    let started = hub.started_at.millis() as f64 / 1_000.0;
    let draining = f64::from(u8::from(hub.phase() == Phase::Draining));
    let fill = hub.shards.iter().map(|shard| shard.journal_fill.ratio()).fold(0.0, f64::max);
    vec![
        Metric::gauge("tandem_start_time_seconds", "When the node started, in seconds since 1970.", started),
        Metric::gauge("tandem_draining", "1 while no new calls are taken.", draining),
        Metric::gauge(
            "tandem_journal_fill_ratio",
            "How full the queue of call facts is; calls stop at 0.8.",
            fill,
        ),
    ]
}

fn recordings(hub: &Hub) -> Option<Metric> {
    let used = hub.library.as_ref()?.used() as f64;
    Some(Metric::gauge("tandem_recordings_octets", "Octets on disk that recordings use.", used))
}

fn held(views: &[std::sync::Arc<ShardView>]) -> Vec<Metric> {
    let sum = |of: fn(&ShardView) -> usize| views.iter().map(|view| of(view)).sum::<usize>() as f64;
    let registered = views.first().map_or(0, |view| view.registration_count) as f64;
    vec![
        Metric::gauge("tandem_calls", "Calls up or being set up or ending.", sum(|view| view.live.calls)),
        Metric::gauge("tandem_legs", "Legs of those calls.", sum(|view| view.live.legs)),
        Metric::gauge("tandem_dialogs", "SIP dialogs.", sum(|view| view.live.dialogs)),
        Metric::gauge("tandem_transactions", "SIP transactions.", sum(|view| view.live.transactions)),
        Metric::gauge("tandem_rtp_ports", "RTP ports held by legs.", sum(|view| view.live.ports)),
        Metric::gauge("tandem_registrations", "Registered contacts.", registered),
        Metric::gauge(
            "tandem_bans",
            "Addresses, networks and accounts that are banned for a time; 1,000 are counted.",
            views.first().map_or(0, |view| view.bans.len()) as f64,
        ),
    ]
}

fn counted(views: &[std::sync::Arc<ShardView>]) -> impl Iterator<Item = Metric> {
    let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (name, value) in views.iter().flat_map(|view| &view.counters) {
        *sums.entry(name).or_insert(0) += value;
    }
    sums.into_iter().map(|(name, value)| counter("", name, value))
}

fn endings(views: &[std::sync::Arc<ShardView>]) -> Metric {
    let mut sums: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (cause, calls) in views.iter().flat_map(|view| &view.endings) {
        *sums.entry(cause).or_insert(0) += calls;
    }
    let samples = sums
        .into_iter()
        .map(|(cause, calls)| Sample {
            labels: vec![("cause".to_owned(), cause.to_owned())],
            value: calls as f64,
        })
        .collect();
    Metric {
        name: "tandem_call_endings".to_owned(),
        help: "Calls that ended, refused ones included, by cause.".to_owned(),
        kind: MetricKind::Counter,
        samples,
    }
}

fn trunks(views: &[std::sync::Arc<ShardView>]) -> Vec<Metric> {
    let trunks = || views.first().into_iter().flat_map(|view| &view.trunks);
    let label = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let calls = trunks()
        .map(|trunk| Sample { labels: vec![label("trunk", &trunk.name)], value: f64::from(trunk.calls) })
        .collect();
    let up = trunks()
        .flat_map(|trunk| trunk.peers.iter().map(move |peer| (trunk, peer)))
        .map(|(trunk, peer)| Sample {
            labels: vec![label("trunk", &trunk.name), label("peer", &peer.uri)],
            value: f64::from(u8::from(peer.up)),
        })
        .collect();
    let gauge = |name: &str, help: &str, samples| Metric {
        name: name.to_owned(),
        help: help.to_owned(),
        kind: MetricKind::Gauge,
        samples,
    };
    vec![
        gauge("tandem_trunk_calls", "Calls over each trunk.", calls),
        gauge("tandem_trunk_peer_up", "1 while calls go to the peer first.", up),
    ]
}

fn network(hub: &Hub) -> Vec<Metric> {
    let stats = hub.net.stats();
    let connections = hub.net.connections() as f64;
    let mut metrics: Vec<_> = stats.named().map(|(name, value)| counter("sip_", name, value)).collect();
    metrics.push(Metric::gauge("tandem_sip_connections", "Stream connections now.", connections));
    let strangers = hub.net.strangers() as f64;
    let about = "Stream connections over which nobody has shown yet who it is.";
    metrics.push(Metric::gauge("tandem_sip_strangers", about, strangers));
    metrics
}

fn questions(dns: &net::Dns) -> Metric {
    let sample = |(answer, questions): (&str, u64)| Sample {
        labels: vec![("answer".to_owned(), answer.to_owned())],
        value: questions as f64,
    };
    Metric {
        name: "tandem_dns_questions".to_owned(),
        help: "Questions to the DNS by what came of them.".to_owned(),
        kind: MetricKind::Counter,
        samples: dns.stats().into_iter().map(sample).collect(),
    }
}

fn media(hub: &Hub) -> Vec<Metric> {
    let workers: Vec<WorkerStats> = hub.media.stats().collect();
    let all = |of: fn(&WorkerStats) -> u64| workers.iter().map(of).sum::<u64>();
    vec![
        counter("rtp_", "received", all(|worker| worker.received)),
        counter("rtp_", "sent", all(|worker| worker.sent)),
        counter("rtp_", "unsent", all(|worker| worker.unsent)),
        counter("media_", "beats_late", all(|worker| worker.beats_late)),
        counter("media_", "panics", all(|worker| worker.panics)),
        counter("media_", "events_dropped", all(|worker| worker.untold)),
        counter("media_", "beats_skipped", all(|worker| worker.beats_skipped)),
        Metric::gauge("tandem_rtp_leased", "RTP port pairs bound for shards.", all(|it| it.leased) as f64),
        Metric::gauge("tandem_rtp_open", "RTP port pairs in use.", all(|worker| worker.open) as f64),
        Metric::gauge(
            "tandem_media_worked",
            "Legs whose audio is decoded: mixed, played to, recorded or listened to.",
            all(|worker| worker.worked) as f64,
        ),
        Metric::gauge("tandem_media_rooms", "Rooms with anybody in them.", all(|it| it.rooms) as f64),
    ]
}

fn sounds(hub: &Hub) -> Vec<Metric> {
    let stats = hub.sounds.stats();
    vec![
        Metric::counter(
            "tandem_sounds_missing",
            "Sounds that were to be played and do not exist or cannot be read.",
            stats.missing as f64,
        ),
        Metric::gauge("tandem_sounds_decoded", "Sounds decoded in memory.", stats.clips as f64),
        Metric::gauge("tandem_sounds_decoded_octets", "Memory they take.", stats.octets as f64),
    ]
}

fn counter(part: &str, name: &str, value: u64) -> Metric {
    let help = format!("{} since the start.", name.replace('_', " "));
    Metric::counter(&format!("tandem_{part}{name}"), &help, value as f64)
}
