//! A private PostgreSQL for a server without `DATABASE_URL`.
