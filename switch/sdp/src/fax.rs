//! Faxes over UDPTL (ITU-T T.38 annex D): passed from one far end to the other as they are.

use crate::media::{Media, MediaKind};
use crate::text::Sdp;

impl Media {
    /// A fax over UDPTL on a real port.
    #[must_use]
    pub fn is_fax(&self) -> bool {
        let t38 = self.formats.iter().any(|format| format.eq_ignore_ascii_case("t38"));
        self.kind == MediaKind::Image && self.port != 0 && self.proto.eq_ignore_ascii_case("udptl") && t38
    }
}

impl Sdp {
    /// The first fax of a body without audio. Where both are offered, sound is taken: it carries faxes too.
    #[must_use]
    pub fn fax(&self) -> Option<&Media> {
        self.media.iter().find(|media| media.is_fax()).filter(|_| self.audio().is_none())
    }
}

#[cfg(test)]
mod tests {
    use base::media::{Carries, MediaFlow};

    use super::*;
    use crate::{Ours, anchor, remote};

    const FAX: &str = "m=image 4010 udptl t38\na=T38FaxVersion:0\na=T38MaxBitRate:14400\n\
        a=T38FaxRateManagement:transferredTCF\na=T38FaxMaxDatagram:316\na=T38FaxUdpEC:t38UDPRedundancy\n";

    fn sdp(streams: &str) -> Sdp {
        Sdp::parse(format!("v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{streams}").as_bytes())
            .unwrap()
    }

    fn anchored(streams: &str) -> String {
        let ip = "198.51.100.7".parse().unwrap();
        let ours = Ours { ip, rtp_port: 20_000, session_id: 5, version: 1, rtcp_mux: false, direction: None };
        let out = anchor(&sdp(streams), &ours).to_string().replace("\r\n", "\n");
        out.split_once("t=0 0\n").unwrap().1.to_owned()
    }

    /// ITU-T T.38 D.2.3.
    #[test]
    fn a_fax_points_to_us_with_all_that_it_says_of_itself() {
        let expected = FAX.replace("4010", "20000");
        assert_eq!(anchored(FAX), expected);
        assert_eq!(
            anchored(&format!("m=audio 0 RTP/AVP 0\n{FAX}")),
            format!("m=audio 0 RTP/AVP 0\n{expected}")
        );
    }

    #[test]
    fn beside_sound_and_over_other_transports_a_fax_is_refused() {
        let both = anchored(&format!("m=audio 4000 RTP/AVP 0\n{FAX}"));
        assert_eq!(both, "m=audio 20000 RTP/AVP 0\nm=image 0 udptl t38\n");
        assert_eq!(anchored("m=image 4010 tcp t38\n"), "m=image 0 tcp t38\n");
        assert_eq!(anchored("m=image 0 udptl t38\n"), "m=image 0 udptl t38\n");
    }

    #[test]
    fn the_worker_is_told_to_carry_datagrams_once_both_have_agreed() {
        let ours = sdp("m=image 20000 udptl t38\n");
        let theirs = remote(&sdp(FAX), Some(&ours));
        assert_eq!((theirs.carries, theirs.flow), (Carries::Udptl, MediaFlow::Both));
        assert_eq!((theirs.rtp, theirs.rtcp), (Some("192.0.2.1:4010".parse().unwrap()), None));
        assert!(theirs.payloads.is_empty() && theirs.keys.is_none());
        let refused = remote(&sdp("m=image 0 udptl t38\n"), Some(&ours));
        assert_eq!((refused.carries, refused.flow), (Carries::Rtp, MediaFlow::Neither));
        let alone = remote(&sdp(FAX), Some(&sdp("m=audio 20000 RTP/AVP 0\n")));
        assert_eq!(alone.flow, MediaFlow::Neither);
    }
}
