//! RTP and RTCP packets and the relay that anchors a call's media, without io.
