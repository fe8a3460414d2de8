//! `/metrics`: the node's figures as OpenMetrics text, which Prometheus reads.

use std::fmt;

use axum::extract::State;
use axum::http::header;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet, text};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Registry;

use crate::auth::{self, Right};
use crate::ports::{Metric, MetricKind, Sample};
use crate::problem::Problem;
use crate::router::Web;

const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Answers a scrape from this machine, or one with a token.
pub(crate) async fn scrape(State(web): State<Web>, parts: Parts) -> Result<Response, Problem> {
    if !auth::is_local(&parts) {
        auth::identify(&web, &parts).await?.require(Right::SeeStatus)?;
    }
    let text = render(web.ports.node.metrics()).map_err(|error| Problem::internal(&error))?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

/// The figures as OpenMetrics text.
fn render(metrics: Vec<Metric>) -> Result<String, fmt::Error> {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Figures(metrics)));
    let mut out = String::new();
    text::encode(&mut out, &registry)?;
    Ok(out)
}

#[derive(Debug)]
struct Figures(Vec<Metric>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in &self.0 {
            let kind = match metric.kind {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
            };
            let mut family = encoder.encode_descriptor(&metric.name, &metric.help, None, kind)?;
            for sample in &metric.samples {
                put(&mut family, metric.kind, sample)?;
            }
        }
        Ok(())
    }
}

fn put(family: &mut MetricEncoder<'_>, kind: MetricKind, sample: &Sample) -> fmt::Result {
    let value = |to: &mut MetricEncoder<'_>| match kind {
        MetricKind::Counter => to.encode_counter::<NoLabelSet, _, f64>(&sample.value, None),
        MetricKind::Gauge => to.encode_gauge(&sample.value),
    };
    if sample.labels.is_empty() { value(family) } else { value(&mut family.encode_family(&sample.labels)?) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_print_with_help_type_and_escaped_labels() {
        let labels = vec![("trunk".to_owned(), "a\"b".to_owned())];
        let calls = Metric {
            name: "tandem_trunk_calls".to_owned(),
            help: "Calls over a trunk.".to_owned(),
            kind: MetricKind::Gauge,
            samples: vec![Sample { labels, value: 3.0 }],
        };
        let text = render(vec![Metric::counter("tandem_calls", "Calls.", 7.0), calls]).expect("text");
        assert_eq!(
            text,
            "# HELP tandem_calls Calls.\n# TYPE tandem_calls counter\ntandem_calls_total 7.0\n\
             # HELP tandem_trunk_calls Calls over a trunk.\n# TYPE tandem_trunk_calls gauge\n\
             tandem_trunk_calls{trunk=\"a\\\"b\"} 3.0\n# EOF\n"
        );
    }
}
