//! The figures as people read them.

use std::{fmt::Write, fs, path::Path};

use crate::peers::{
    floors::Floors,
    machine,
    plot::{Bar, Series, bars, lines},
    runs::Runs,
    servers::SERVERS,
    verdicts::{COMPARED, Short, verdicts},
};

/// All tables, in Markdown.
pub fn tables(runs: &Runs, floors: &Floors) -> String {
    let mut text = String::new();
    let count = runs.0.len();
    let figures = if count == 1 {
        "One run.".to_owned()
    } else {
        format!(
            "The median of {count} runs; ratios are taken with each peer within each run, and of the peers the one that comes nearest counts."
        )
    };
    writeln!(text, "{figures} Machine and versions are below.\n").unwrap();
    let verdicts = verdicts(runs);
    if !verdicts.is_empty() {
        let head = "| what | must | measured | holds | aim |\n|---|---|---|---|---|";
        writeln!(text, "### What Saoma must be\n\n{head}").unwrap();
    }
    for verdict in verdicts {
        writeln!(text, "{verdict}").unwrap();
    }
    writeln!(text, "\n### Side by side\n").unwrap();
    side_by_side(&mut text, runs);
    writeln!(text, "\n### Confirm to push, by how many wait\n").unwrap();
    pushes(&mut text, runs);
    writeln!(text, "\n### What a login costs\n").unwrap();
    costs(&mut text, runs);
    writeln!(text, "\n### The floors\n").unwrap();
    writeln!(text, "{floors}").unwrap();
    writeln!(text, "### The machine\n").unwrap();
    writeln!(text, "{}", machine::describe()).unwrap();
    text
}

fn title(server: &str) -> &str {
    let known = SERVERS.iter().find(|known| known.name == server);
    known.map_or(server, |server| server.title)
}

fn side_by_side(text: &mut String, runs: &Runs) {
    text.push_str(
        "| server | KB a socket | R² | kept after 60 s | idle µs/s a socket | opened/s | p99 ms | \
         logins/s | p99 ms | failed |\n|---|---|---|---|---|---|---|---|---|---|\n",
    );
    for server in runs.servers() {
        let slope = runs.of(server, |figures| figures.line().slope);
        let r2 = runs.of(server, |figures| figures.line().r2);
        let kept = runs.of(server, |figures| figures.kept().unwrap_or(f64::NAN));
        let kept = if kept.is_nan() {
            "–".to_owned()
        } else {
            format!("{:.0} %", kept * 100.0)
        };
        let idle = runs.of(server, |figures| figures.idle_cpu);
        let opens = runs.flow(server, |figures| figures.opens);
        let logins = runs.flow(server, |figures| figures.logins);
        let failed = opens.failed + logins.failed;
        writeln!(
            text,
            "| {} | {slope:.2} | {r2:.4} | {kept} | {idle:.2} | {:.0} | {:.1} | {:.0} | {:.1} | {failed} |",
            title(server),
            opens.per_second,
            opens.p99,
            logins.per_second,
            logins.p99,
        )
        .unwrap();
    }
}

fn pushes(text: &mut String, runs: &Runs) {
    text.push_str("| server | waiting | p50 ms | p99 ms | worst round's p99 | lost |\n|---|---|---|---|---|---|\n");
    for server in runs.servers() {
        let sizes = runs.0[0].iter().filter(|figures| figures.server == server);
        let sizes: Vec<_> = sizes.flat_map(|figures| &figures.pushes).collect();
        for size in sizes {
            let Some(push) = runs.push(server, size.waiting) else {
                continue;
            };
            writeln!(
                text,
                "| {} | {} | {:.2} | {:.2} | {:.2} | {} |",
                title(server),
                push.waiting,
                push.p50,
                push.p99,
                push.worst_p99,
                push.failed
            )
            .unwrap();
        }
    }
}

fn costs(text: &mut String, runs: &Runs) {
    text.push_str(
        "| server | waiting | server CPU µs | database CPU µs | clients' CPU µs | statements | \
         bytes on the wire | bytes of the log |\n|---|---|---|---|---|---|---|---|\n",
    );
    for server in runs.servers() {
        for cost in runs.costs(server) {
            writeln!(
                text,
                "| {} | {} | {:.0} | {:.0} | {:.0} | {} | {:.0} | {:.0} |",
                title(server),
                cost.waiting,
                cost.server_cpu,
                cost.database_cpu,
                cost.clients_cpu,
                Short(cost.statements),
                cost.bytes,
                cost.wal
            )
            .unwrap();
        }
    }
}

const PLOTS: &str = "\
![Memory of the server by waiting sockets](benchmarks/memory.svg)
![Kilobytes for a waiting socket](benchmarks/kilobytes.svg)
![Confirm to push](benchmarks/push.svg)
![Logins in a second](benchmarks/logins.svg)
![Sockets opened in a second](benchmarks/opens.svg)
";

/// Puts the tables into the document, between its two marks, and draws the plots beside it.
pub fn write(runs: &Runs, floors: &Floors, document: &Path) {
    const BEGIN: &str = "<!-- figures: written by make bench-full -->";
    const END: &str = "<!-- end of the figures -->";
    let text = fs::read_to_string(document).unwrap();
    let (before, rest) = text
        .split_once(BEGIN)
        .expect("the mark where figures begin");
    let (_, after) = rest.split_once(END).expect("the mark where figures end");
    let tables = tables(runs, floors);
    let figures = format!("{BEGIN}\n\n{PLOTS}\n{tables}\n{END}");
    fs::write(document, format!("{before}{figures}{after}")).unwrap();

    let folder = document.with_file_name("benchmarks");
    fs::create_dir_all(&folder).unwrap();
    let draw = |name: &str, svg: String| fs::write(folder.join(name), svg).unwrap();
    let each = |value: &dyn Fn(&str) -> f64| -> Vec<Bar> {
        let bar = |server: &&str| Bar {
            name: title(server).to_owned(),
            value: value(server),
            ours: *server == "saoma",
        };
        runs.servers().iter().map(bar).collect()
    };
    let memory = runs.servers().into_iter().map(|server| Series {
        name: title(server).to_owned(),
        ours: server == "saoma",
        points: memory_of(runs, server),
    });
    draw(
        "memory.svg",
        lines(
            "Server memory, MB, by waiting sockets",
            &memory.collect::<Vec<_>>(),
        ),
    );
    draw(
        "kilobytes.svg",
        bars(
            "KB of server memory for a waiting socket (less is better)",
            &each(&|server| runs.of(server, |figures| figures.line().slope)),
        ),
    );
    draw(
        "push.svg",
        bars(
            "Durable confirm to push, p99, ms, 500 a second (less is better)",
            &each(&|server| {
                runs.push(server, COMPARED)
                    .map_or(f64::NAN, |push| push.p99)
            }),
        ),
    );
    draw(
        "logins.svg",
        bars(
            "Whole logins in a second (more is better)",
            &each(&|server| runs.of(server, |figures| figures.logins.per_second)),
        ),
    );
    draw(
        "opens.svg",
        bars(
            "Sockets opened with a committed ticket in a second (more is better)",
            &each(&|server| runs.of(server, |figures| figures.opens.per_second)),
        ),
    );
}

/// Sockets and megabytes above what the server has without any.
fn memory_of(runs: &Runs, server: &str) -> Vec<(f64, f64)> {
    let sizes = runs.0[0].iter().filter(|figures| figures.server == server);
    let sizes = sizes
        .flat_map(|figures| &figures.memory)
        .map(|point| point.sockets);
    let at = sizes.enumerate().map(|(at, sockets)| {
        let above = runs.of(server, |figures| {
            let point = figures.memory.get(at);
            point.map_or(f64::NAN, |point| point.pss as f64 - figures.base.pss as f64)
        });
        (sockets as f64, above / 1024.0)
    });
    std::iter::once((0.0, 0.0)).chain(at).collect()
}
