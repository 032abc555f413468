//! A straight line through what was measured.

/// Slope, intercept and R².
pub fn least_squares(points: &[(f64, f64)]) -> (f64, f64, f64) {
    let count = points.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|p| p.0), mean(&|p| p.1));
    let xx = mean(&|p| (p.0 - x).powi(2));
    let yy = mean(&|p| (p.1 - y).powi(2));
    let xy = mean(&|p| (p.0 - x) * (p.1 - y));
    (xy / xx, y - xy / xx * x, xy * xy / (xx * yy))
}
