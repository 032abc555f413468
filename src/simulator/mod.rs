//! A pretended WeChat and a pretended phone, for the demo and the tests.
