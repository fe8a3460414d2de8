//! The web face: API, status page, login, health and metrics.
