//! Speed: callgen, the bare forwarder, and the measurements that compare with them.
