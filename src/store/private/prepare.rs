//! The role and the database of a cluster.

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};

/// Makes the role `saoma` and its database, whichever of them a start that was cut short left out.
///
/// These queries cannot be checked at compile time: they speak to the server, not to the schema.
pub(super) async fn role_and_database(
    admin: PgConnectOptions,
    may_create_databases: bool,
) -> Result<(), sqlx::Error> {
    let mut connection = admin.connect().await?;
    let role: Option<i32> = sqlx::query_scalar("SELECT 1 FROM pg_roles WHERE rolname = 'saoma'")
        .fetch_optional(&mut connection)
        .await?;
    if role.is_none() {
        let create = if may_create_databases {
            "CREATE ROLE saoma LOGIN CREATEDB"
        } else {
            "CREATE ROLE saoma LOGIN"
        };
        sqlx::query(create).execute(&mut connection).await?;
    }
    let database: Option<i32> =
        sqlx::query_scalar("SELECT 1 FROM pg_database WHERE datname = 'saoma'")
            .fetch_optional(&mut connection)
            .await?;
    if database.is_none() {
        sqlx::query("CREATE DATABASE saoma OWNER saoma")
            .execute(&mut connection)
            .await?;
    }
    connection.close().await
}
