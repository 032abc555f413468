//! WeChat as Saoma needs it: codes and identities. The only place that knows its API.
