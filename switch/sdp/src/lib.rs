//! SDP bodies and the offer/answer exchange (RFC 8866, RFC 3264), without io.
