//! Who is out there: registered phones and trunks, their health and capacity, as pure machines.
