//! Which streams of a body a setting takes, and how ours are secured (RFC 4568 §5, RFC 8643).

use base::media::{MasterKey, Srtp, Suite};

use crate::crypto::Crypto;
use crate::media::{Media, MediaKind};
use crate::text::Sdp;

const PLAIN: &str = "RTP/AVP";
const SECURED: &str = "RTP/SAVP";

/// Our keys for one leg, one of each suite, in the order in which they are offered.
pub type OurKeys = [(Suite, MasterKey)];

impl Sdp {
    /// Leaves of a far end's offer the audio that `srtp` takes: the rest is refused in its place, and where nothing is
    /// secured no keys are left. Of two streams that would do the encrypted one is taken, unless `srtp` is off.
    pub fn admit(&mut self, srtp: Srtp) {
        let encrypted = self.media.iter().any(|media| media.is_srtp() && media.is_usable_audio());
        for media in self.media.iter_mut().filter(|media| media.is_usable_audio()) {
            match srtp {
                Srtp::Off if media.is_srtp() => media.refuse(),
                Srtp::Off => media.set_cryptos(&[]),
                Srtp::Optional if encrypted && !media.is_srtp() => media.refuse(),
                Srtp::Required if media.cryptos().next().is_none() => media.refuse(),
                Srtp::Optional | Srtp::Required => {}
            }
        }
    }

    /// The same of its answer to `offer`, ours: a key counts only for a line that we have offered.
    pub fn admit_answer(&mut self, offer: &Self, srtp: Srtp) {
        let offered: Vec<(u32, Suite)> = offer
            .audio()
            .map(|audio| audio.cryptos().map(|crypto| (crypto.tag, crypto.suite)).collect())
            .unwrap_or_default();
        for media in self.media.iter_mut().filter(|media| media.kind == MediaKind::Audio) {
            let chosen = media.cryptos().find(|crypto| offered.contains(&(crypto.tag, crypto.suite)));
            let is_answered = chosen.is_some();
            media.lines.retain(|line| is_answered || !line.is_attribute("crypto"));
        }
        self.admit(srtp);
    }

    /// Secures our offer. `before` is what we last said in this dialog: how that stream was secured is kept.
    pub fn secure_offer(&mut self, srtp: Srtp, keys: &OurKeys, before: Option<&Self>) {
        let before = before.and_then(Self::audio);
        let Some(audio) = self.audio_mut() else { return };
        let kept = before.filter(|before| before.cryptos().next().is_some());
        audio.proto = match (kept, srtp) {
            (Some(before), Srtp::Optional | Srtp::Required) => before.proto.clone(),
            (None, Srtp::Required) => SECURED.to_owned(),
            (_, Srtp::Off) | (None, Srtp::Optional) => PLAIN.to_owned(),
        };
        let first = kept.and_then(|before| before.cryptos().next()).map(|crypto| crypto.suite);
        let mut offered: Vec<&(Suite, MasterKey)> = match srtp {
            Srtp::Off => Vec::new(),
            Srtp::Optional | Srtp::Required => {
                keys.iter().filter(|(suite, _)| suite.is_offered() || Some(*suite) == first).collect()
            }
        };
        offered.sort_by_key(|(suite, _)| Some(*suite) != first);
        let numbered = |(tag, (suite, key)): (u32, &(Suite, MasterKey))| Crypto {
            tag,
            suite: *suite,
            key: key.clone(),
            mki_octets: 0,
        };
        let lines: Vec<Crypto> = (1..).zip(offered).map(numbered).collect();
        audio.set_cryptos(&lines);
    }

    /// Secures our answer as its offer, after [`Self::admit`], wants it: under its profile, with the first of its
    /// suites.
    pub fn secure_answer(&mut self, offer: &Self, keys: &OurKeys) {
        let Some(offered) = offer.audio() else { return };
        let Some(audio) = self.audio_mut() else { return };
        audio.proto.clone_from(&offered.proto);
        let ours = |suite: Suite| keys.iter().find(|(known, _)| *known == suite).map(|(_, key)| key.clone());
        let chosen = offered
            .cryptos()
            .find_map(|theirs| Some(Crypto { key: ours(theirs.suite)?, mki_octets: 0, ..theirs }));
        audio.set_cryptos(chosen.as_slice());
    }

    /// Whether the anchored stream names keys.
    #[must_use]
    pub fn is_secured(&self) -> bool {
        self.audio().is_some_and(|audio| audio.cryptos().next().is_some())
    }
}

/// Behind an anchor the profile is the plain one, until a leg's own is written.
pub(crate) fn make_plain(media: &mut Media) {
    media.proto = PLAIN.to_owned();
}

#[cfg(test)]
mod tests {
    use base::media::StreamKeys;

    use super::*;
    use crate::crypto::agreed;

    const THEIRS: &str = "a=crypto:2 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz\n\
        a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:PS1uQCVeeCFCanVmcjkpPywjNWhcYD0mXXtxaVBR|2^20|1:4\n";

    fn sdp(streams: &str) -> Sdp {
        Sdp::parse(format!("v=0\no=- 1 1 IN IP4 h\ns=-\nc=IN IP4 192.0.2.1\nt=0 0\n{streams}").as_bytes())
            .unwrap()
    }

    fn ours() -> Vec<(Suite, MasterKey)> {
        Suite::ALL
            .map(|suite| {
                let (key, salt) = suite.lengths();
                (suite, MasterKey::new(suite, &vec![7; key + salt]).unwrap())
            })
            .into()
    }

    fn shape(body: &Sdp) -> Vec<String> {
        let of = |media: &Media| format!("{} {} {}", media.port, media.proto, media.cryptos().count());
        body.media().iter().map(of).collect()
    }

    fn admitted(streams: &str, srtp: Srtp) -> Vec<String> {
        let mut body = sdp(streams);
        body.admit(srtp);
        shape(&body)
    }

    #[test]
    fn of_a_plain_and_an_encrypted_stream_the_setting_chooses() {
        let both = format!("m=audio 4000 RTP/AVP 0\nm=audio 4002 RTP/SAVP 0\n{THEIRS}");
        assert_eq!(admitted(&both, Srtp::Off), ["4000 RTP/AVP 0", "0 RTP/SAVP 0"]);
        assert_eq!(admitted(&both, Srtp::Optional), ["0 RTP/AVP 0", "4002 RTP/SAVP 2"]);
        assert_eq!(admitted(&both, Srtp::Required), ["0 RTP/AVP 0", "4002 RTP/SAVP 2"]);
    }

    /// RFC 8643 §3.1.
    #[test]
    fn a_plain_profile_with_keys_is_both() {
        let either = format!("m=audio 4000 RTP/AVP 0\n{THEIRS}");
        assert_eq!(admitted(&either, Srtp::Off), ["4000 RTP/AVP 0"]);
        assert_eq!(admitted(&either, Srtp::Optional), ["4000 RTP/AVP 2"]);
        assert_eq!(admitted(&either, Srtp::Required), ["4000 RTP/AVP 2"]);
        assert_eq!(admitted("m=audio 4000 RTP/AVP 0\n", Srtp::Required), ["0 RTP/AVP 0"]);
    }

    #[test]
    fn an_encrypted_stream_without_a_key_that_we_can_use_is_no_stream() {
        let odd = "m=audio 4000 RTP/SAVP 0\na=crypto:1 F8_128_HMAC_SHA1_80 inline:x\n";
        assert_eq!(sdp(odd).audio(), None);
        assert_eq!(sdp("m=audio 4000 RTP/SAVPF 0\na=fingerprint:sha-256 AB\n").audio(), None);
    }

    /// RFC 4568 §5.1.2: the answer repeats the tag and has the answerer's own key.
    #[test]
    fn an_answer_takes_the_first_suite_of_the_offer_under_its_profile() {
        for profile in ["RTP/SAVP", "RTP/SAVPF", "RTP/AVP"] {
            let offer = sdp(&format!("m=audio 4000 {profile} 0\n{THEIRS}"));
            let mut answer = sdp("m=audio 20000 RTP/AVP 0\n");
            answer.secure_answer(&offer, &ours());
            let audio = answer.audio().unwrap();
            let lines: Vec<Crypto> = audio.cryptos().collect();
            assert_eq!((audio.proto(), lines.len()), (profile, 1));
            assert_eq!((lines[0].tag, lines[0].suite), (2, Suite::AesCm128Sha1_32));
            let keys = agreed(offer.audio().unwrap(), audio).unwrap();
            assert_eq!(keys.send.1, lines[0].key);
            assert_eq!(keys.receive.1, offer.audio().unwrap().cryptos().next().unwrap().key);
        }
    }

    #[test]
    fn an_offer_says_what_the_setting_wants_and_keeps_what_was_agreed() {
        let made = |srtp, before: Option<&Sdp>| {
            let mut offer = sdp("m=audio 20000 RTP/AVP 0\n");
            offer.secure_offer(srtp, &ours(), before);
            offer
        };
        assert_eq!(shape(&made(Srtp::Off, None)), ["20000 RTP/AVP 0"]);
        assert_eq!(shape(&made(Srtp::Optional, None)), ["20000 RTP/AVP 3"]);
        assert_eq!(shape(&made(Srtp::Required, None)), ["20000 RTP/SAVP 3"]);
        let before = sdp(&format!("m=audio 20000 RTP/SAVPF 0\n{THEIRS}"));
        let again = made(Srtp::Optional, Some(&before));
        assert_eq!(shape(&again), ["20000 RTP/SAVPF 4"]);
        assert_eq!(again.audio().unwrap().cryptos().next().unwrap().suite, Suite::AesCm128Sha1_32);
    }

    #[test]
    fn an_answer_counts_only_with_a_line_that_we_offered() {
        let mut offer = sdp("m=audio 20000 RTP/AVP 0\n");
        offer.secure_offer(Srtp::Required, &ours(), None);
        let read = |answer: &str, srtp| {
            let mut answer = sdp(answer);
            answer.admit_answer(&offer, srtp);
            shape(&answer)
        };
        let right = THEIRS.replace("crypto:7", "crypto:1");
        assert_eq!(read(&format!("m=audio 4000 RTP/SAVP 0\n{right}"), Srtp::Required), ["4000 RTP/SAVP 2"]);
        assert_eq!(read(&format!("m=audio 4000 RTP/SAVP 0\n{THEIRS}"), Srtp::Required), ["4000 RTP/SAVP 0"]);
        assert_eq!(sdp("m=audio 4000 RTP/SAVP 0\n").audio(), None);
        assert_eq!(read("m=audio 4000 RTP/AVP 0\n", Srtp::Required), ["0 RTP/AVP 0"]);
        assert_eq!(read("m=audio 4000 RTP/AVP 0\n", Srtp::Optional), ["4000 RTP/AVP 0"]);
    }

    #[test]
    fn keys_agree_by_tag_and_suite() {
        let keys: Option<StreamKeys> = {
            let theirs = sdp(&format!("m=audio 4000 RTP/SAVP 0\n{THEIRS}"));
            let mut ours_body = sdp("m=audio 20000 RTP/AVP 0\n");
            ours_body.secure_offer(Srtp::Required, &ours(), None);
            agreed(theirs.audio().unwrap(), ours_body.audio().unwrap())
        };
        assert_eq!(keys, None, "tags 2 and 7 name no line of ours with the same suite");
    }
}
