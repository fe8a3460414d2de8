//! What most callers ask of a message, parsed at each call.

use super::header::name_addr::tag_of;
use super::header::{CSeq, Contacts, NameAddr, Via};
use super::malformed::Malformed;
use super::message::Message;
use super::name::Header;
use super::octets::digits;
use super::split::Values;

impl Message {
    /// The topmost Via value.
    ///
    /// # Errors
    /// `Malformed` when there is none or it is wrong.
    pub fn top_via(&self) -> Result<Via, Malformed> {
        self.values(Header::Via).next().ok_or(Malformed::Missing("Via")).and_then(Via::parse)
    }

    /// All Via values, topmost first.
    ///
    /// # Errors
    /// `Malformed` when one is wrong.
    pub fn vias(&self) -> Result<Vec<Via>, Malformed> {
        self.values(Header::Via).map(Via::parse).collect()
    }

    /// The From.
    ///
    /// # Errors
    /// `Malformed` when it is missing or wrong.
    pub fn from(&self) -> Result<NameAddr, Malformed> {
        self.address(Header::From, "From")
    }

    /// The To.
    ///
    /// # Errors
    /// `Malformed` when it is missing or wrong.
    pub fn to(&self) -> Result<NameAddr, Malformed> {
        self.address(Header::To, "To")
    }

    /// The From's tag, without reading the rest.
    #[must_use]
    pub fn from_tag(&self) -> Option<&str> {
        self.header(Header::From).and_then(tag_of)
    }

    /// The To's tag, without reading the rest.
    #[must_use]
    pub fn to_tag(&self) -> Option<&str> {
        self.header(Header::To).and_then(tag_of)
    }

    /// The Call-ID.
    #[must_use]
    pub fn call_id(&self) -> Option<&str> {
        self.header(Header::CallId).filter(|id| !id.is_empty())
    }

    /// The CSeq.
    ///
    /// # Errors
    /// `Malformed` when it is missing or wrong.
    pub fn cseq(&self) -> Result<CSeq, Malformed> {
        self.header(Header::CSeq).ok_or(Malformed::Missing("CSeq")).and_then(CSeq::parse)
    }

    /// The hops left, `None` when the header is absent.
    ///
    /// # Errors
    /// `Malformed` when it is no number of 0..=255.
    pub fn max_forwards(&self) -> Result<Option<u8>, Malformed> {
        let Some(value) = self.header(Header::MaxForwards) else { return Ok(None) };
        let hops = digits(value.as_bytes()).and_then(|hops| u8::try_from(hops).ok());
        hops.map(Some).ok_or(Malformed::Syntax("Max-Forwards"))
    }

    /// The Expires header in seconds, the largest `u32` for anything beyond; `None` when absent.
    ///
    /// # Errors
    /// `Malformed` when it is no number.
    pub fn expires(&self) -> Result<Option<u32>, Malformed> {
        let Some(value) = self.header(Header::Expires) else { return Ok(None) };
        let seconds = digits(value.as_bytes()).ok_or(Malformed::Syntax("Expires"))?;
        Ok(Some(u32::try_from(seconds).unwrap_or(u32::MAX)))
    }

    /// The Contact values.
    ///
    /// # Errors
    /// `Malformed` when one is wrong.
    pub fn contacts(&self) -> Result<Contacts, Malformed> {
        Contacts::parse(self.headers(Header::Contact))
    }

    /// The Route values, topmost first.
    ///
    /// # Errors
    /// `Malformed` when one is wrong.
    pub fn routes(&self) -> Result<Vec<NameAddr>, Malformed> {
        self.route_list(Header::Route, "Route")
    }

    /// The Record-Route values, topmost first.
    ///
    /// # Errors
    /// `Malformed` when one is wrong.
    pub fn record_routes(&self) -> Result<Vec<NameAddr>, Malformed> {
        self.route_list(Header::RecordRoute, "Record-Route")
    }

    fn address(&self, header: Header<'_>, name: &'static str) -> Result<NameAddr, Malformed> {
        let value = self.header(header).ok_or(Malformed::Missing(name))?;
        NameAddr::parse(value).map_err(|_which| Malformed::Syntax(name))
    }

    fn route_list(&self, header: Header<'_>, name: &'static str) -> Result<Vec<NameAddr>, Malformed> {
        self.headers(header)
            .flat_map(Values::of)
            .map(|value| NameAddr::parse(value).map_err(|_which| Malformed::Syntax(name)))
            .collect()
    }
}
