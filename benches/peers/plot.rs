//! Plots as small SVG files: bars, and lines through points. Readable on light and dark pages.

use std::fmt::Write;

use crate::peers::figures::median;

pub struct Bar {
    pub name: String,
    pub value: f64,
    /// Saoma's own.
    pub ours: bool,
}

pub struct Series {
    pub name: String,
    pub ours: bool,
    pub points: Vec<(f64, f64)>,
}

const OURS: &str = "#1a7f37";
const OTHERS: [&str; 7] = [
    "#57606a", "#0969da", "#bc4c00", "#8250df", "#bf3989", "#9a6700", "#1b7c83",
];
const WIDTH: f64 = 760.0;

fn begin(height: f64, title: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n\
         <text x=\"16\" y=\"26\" font-size=\"15\" font-weight=\"bold\" fill=\"#1f2328\">{title}</text>\n"
    )
}

/// Horizontal bars, each with its value beside it. One that is ten times as long as most would make
/// the others points: it is cut, which a gap before its end shows.
pub fn bars(title: &str, bars: &[Bar]) -> String {
    const LEFT: f64 = 190.0;
    const ROW: f64 = 28.0;
    let cut = 10.0 * median(bars.iter().map(|bar| bar.value));
    let whole = bars
        .iter()
        .map(|bar| bar.value)
        .filter(|value| *value <= cut);
    let most = whole.fold(0.0, f64::max);
    let mut svg = begin(56.0 + ROW * bars.len() as f64, title);
    for (row, bar) in bars.iter().enumerate() {
        let y = 44.0 + ROW * row as f64;
        let width = (WIDTH - LEFT - 90.0) * (bar.value / most).min(1.0);
        let (colour, weight) = if bar.ours {
            (OURS, "bold")
        } else {
            (OTHERS[0], "normal")
        };
        let digits = if bar.value >= 100.0 { 0 } else { 2 };
        writeln!(
            svg,
            "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" font-weight=\"{weight}\" fill=\"#1f2328\">{}</text>\
             <rect x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" fill=\"{colour}\"/>\
             <text x=\"{:.1}\" y=\"{}\" font-weight=\"{weight}\" fill=\"#1f2328\">{:.digits$}</text>",
            LEFT - 10.0,
            y + 14.0,
            bar.name,
            LEFT + width + 8.0,
            y + 14.0,
            bar.value,
        )
        .unwrap();
        if bar.value > most {
            let gap = LEFT + width - 24.0;
            writeln!(
                svg,
                "<rect x=\"{gap:.1}\" y=\"{y}\" width=\"6\" height=\"18\" fill=\"#ffffff\"/>"
            )
            .unwrap();
        }
    }
    svg.push_str("</svg>\n");
    svg
}

/// Lines through points, both axes from zero, each line named at its end.
pub fn lines(title: &str, series: &[Series]) -> String {
    const HEIGHT: f64 = 420.0;
    const LEFT: f64 = 60.0;
    const RIGHT: f64 = 590.0;
    const TOP: f64 = 48.0;
    const BOTTOM: f64 = 380.0;
    let all = || series.iter().flat_map(|series| &series.points);
    let most_x = all().map(|point| point.0).fold(1.0, f64::max);
    let most_y = all().map(|point| point.1).fold(1.0, f64::max) * 1.05;
    let x = |value: f64| LEFT + (RIGHT - LEFT) * value / most_x;
    let y = |value: f64| BOTTOM - (BOTTOM - TOP) * value / most_y;
    let mut svg = begin(HEIGHT, title);
    for value in round_numbers(most_y) {
        let at = y(value);
        writeln!(
            svg,
            "<line x1=\"{LEFT}\" x2=\"{RIGHT}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#d0d7de\"/>\
             <text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#57606a\">{value}</text>",
            LEFT - 8.0,
            at + 4.0,
        )
        .unwrap();
    }
    for value in round_numbers(most_x) {
        writeln!(
            svg,
            "<text x=\"{:.1}\" y=\"{}\" text-anchor=\"middle\" fill=\"#57606a\">{value}</text>",
            x(value),
            BOTTOM + 20.0,
        )
        .unwrap();
    }
    let mut others = OTHERS.iter().cycle();
    // From the top down, so that no name lies on another.
    let mut ends: Vec<_> = series
        .iter()
        .filter_map(|series| Some((series, *series.points.last()?)))
        .collect();
    ends.sort_by(|one, other| y(one.1.1).total_cmp(&y(other.1.1)));
    let (mut lowest, mut lowest_early) = (TOP - 16.0, TOP - 16.0);
    for (series, end) in ends {
        let (colour, width) = if series.ours {
            (OURS, 3.5)
        } else {
            (*others.next().unwrap_or(&OTHERS[0]), 1.5)
        };
        let points = series.points.iter().fold(String::new(), |mut text, point| {
            let _ = write!(text, "{:.1},{:.1} ", x(point.0), y(point.1));
            text
        });
        // A line that ends early has its name there.
        let lowest = if x(end.0) < RIGHT - 100.0 {
            &mut lowest_early
        } else {
            &mut lowest
        };
        *lowest = y(end.1).max(*lowest + 16.0);
        let name_y = *lowest;
        writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            points.trim_end(),
            x(end.0) + 8.0,
            name_y + 4.0,
            series.name,
        )
        .unwrap();
    }
    svg.push_str("</svg>\n");
    svg
}

/// From zero up to the most, about five of them, each a nice number.
fn round_numbers(most: f64) -> impl Iterator<Item = f64> {
    let rough = most / 5.0;
    let power = 10_f64.powf(rough.log10().floor());
    let nice = [1.0, 2.0, 5.0, 10.0].map(|times| times * power);
    let step = nice
        .into_iter()
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    (0..=5)
        .map(move |at| f64::from(at) * step)
        .filter(move |value| *value <= most)
}
