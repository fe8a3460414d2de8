// A phone as web pages have it: node phone.mjs URL DOMAIN USER PASSWORD (call NUMBER | answer).
// Registers over the WebSocket at URL and prints "registered"; then calls NUMBER and hangs up after a moment, or
// answers one call and waits for its end. Prints each step; ends with 1 and says why when one does not come.
// Node has no WebRTC: the stand-in for it below writes plain SDP, while everything on the wire is JsSIP's own.
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const modules = process.env.TANDEM_TEST_NODE_PATH;
const WebSocket = require(`${modules}/ws`);
const [url, domain, user, password, verb, number] = process.argv.slice(2);
const PATIENCE_MS = 20_000;
const TALK_MS = 300;

// The switch shows a certificate that it made itself.
globalThis.WebSocket = class extends WebSocket {
  constructor(address, protocols) {
    super(address, protocols, { rejectUnauthorized: false });
  }
};
globalThis.window = globalThis;
globalThis.RTCSessionDescription = class {
  constructor(description) {
    Object.assign(this, description);
  }
};
globalThis.RTCPeerConnection = class {
  signalingState = "stable";
  iceConnectionState = "completed";
  iceGatheringState = "complete";
  connectionState = "connected";
  addEventListener() {}
  removeEventListener() {}
  addTrack() {}
  getSenders() {
    return [];
  }
  async createOffer() {
    return { type: "offer", sdp: sdp() };
  }
  async createAnswer() {
    return { type: "answer", sdp: sdp() };
  }
  async setLocalDescription(description) {
    this.localDescription = description;
    this.signalingState = description.type === "offer" ? "have-local-offer" : "stable";
  }
  async setRemoteDescription(description) {
    this.remoteDescription = description;
    this.signalingState = description.type === "offer" ? "have-remote-offer" : "stable";
  }
  close() {}
};

function sdp() {
  return [
    "v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "c=IN IP4 127.0.0.1", "t=0 0",
    "m=audio 39998 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendrecv", "",
  ].join("\r\n");
}

function fail(why) {
  console.error(why);
  process.exit(1);
}

const JsSIP = require(`${modules}/jssip`);
const media = { mediaConstraints: { audio: false, video: false }, rtcOfferConstraints: {} };
const phone = new JsSIP.UA({
  sockets: [new JsSIP.WebSocketInterface(url)],
  uri: `sip:${user}@${domain}`,
  password,
  session_timers: false,
});
const late = setTimeout(() => fail("it took too long"), PATIENCE_MS);

function follow(session) {
  session.on("confirmed", () => {
    console.log("confirmed");
    if (verb === "call") setTimeout(() => session.terminate(), TALK_MS);
  });
  session.on("failed", (event) => fail(`the call failed: ${event.cause}`));
  session.on("ended", (event) => {
    console.log(`ended by ${event.originator}`);
    clearTimeout(late);
    phone.on("unregistered", () => {
      console.log("unregistered");
      phone.stop();
      setTimeout(() => process.exit(0), 50);
    });
    phone.unregister();
  });
}

phone.on("registrationFailed", (event) => fail(`not registered: ${event.cause}`));
phone.on("disconnected", (event) => event.error && fail(`disconnected: ${event.reason}`));
phone.on("registered", () => {
  console.log("registered");
  if (verb === "call") phone.call(`sip:${number}@${domain}`, media);
});
phone.on("newRTCSession", ({ originator, session }) => {
  follow(session);
  if (originator === "remote") session.answer(media);
});
phone.start();
