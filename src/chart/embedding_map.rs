//! What a model's vectors look like from where they differ most.

use plotters::coord::CoordTranslate;
use plotters::style::Color;

use super::canvas::Area;
use super::line_chart::range;
use super::output::{Picture, chart_methods};
use super::panel::{Axis, Line, NO_DATA, Panel, SHAPES, draw_mark_of};
use super::style::{PALETTE, series_color};
use super::ticks::{self, Unit};
use crate::metrics::Pca;
use crate::words::grouped;
use crate::{Error, Result};

/// Vectors along their first two principal components, one mark for each, in the colour and shape of its class.
///
/// Classes that a linear head could tell apart often stand apart here; those that overlap may still differ in the
/// components that the picture leaves out: the axes say how much of the variance it shows.
///
/// ```
/// use tunebook::chart::EmbeddingMap;
///
/// let vectors = [vec![0.0, 0.1, 0.0], vec![0.1, 0.0, 0.3], vec![5.0, 4.0, 0.2], vec![5.5, 4.1, 0.0]];
/// let names = ["billing".to_string(), "storage".to_string()];
/// let map = EmbeddingMap::new("Sentence vectors", &vectors, &[0, 0, 1, 1], &names)?;
/// assert!(map.to_svg()?.contains("storage"));
/// # Ok::<(), tunebook::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingMap {
    title: String,
    /// Along the two components.
    points: Vec<(f64, f64)>,
    /// The share of the variance along each.
    explained: [f64; 2],
    labels: Vec<usize>,
    label_names: Vec<String>,
    size: Option<(u32, u32)>,
}

chart_methods!(
    EmbeddingMap,
    "EmbeddingMap::new(\"Map\", &[vec![0.0, 1.0], vec![2.0, 1.0], vec![2.0, 3.0]], &[0, 0, 0], \
     &[\"all\".to_string()]).unwrap()"
);

/// Colours times shapes: marks of more classes could not be told apart.
const MOST_CLASSES: usize = PALETTE.len() * SHAPES;

/// Maps of more vectors than this have smaller marks.
const MANY: usize = 400;

impl EmbeddingMap {
    /// A map of vectors of one length, each with the index of its class in `label_names`.
    ///
    /// An error when there are fewer than three vectors, their lengths differ or are below 2, one has a number that is not
    /// finite, all are equal, a label has no name, or there are more classes than marks to tell them apart (28).
    ///
    /// See [`EmbeddingMap`] for an example.
    pub fn new(
        title: impl Into<String>,
        vectors: &[Vec<f32>],
        labels: &[usize],
        label_names: &[String],
    ) -> Result<Self> {
        let refuse = |problem: String, mend: &str| Err(Error::input("EmbeddingMap::new", problem, mend));
        if labels.len() != vectors.len() {
            let problem = format!("{} labels for {} vectors", labels.len(), vectors.len());
            return refuse(problem, "give one label for each vector");
        }
        if let Some(label) = labels.iter().find(|label| **label >= label_names.len()) {
            let problem = format!("label {label} has no name, there are {} names", label_names.len());
            return refuse(problem, "labels count from 0");
        }
        if label_names.len() > MOST_CLASSES {
            let problem = format!("{} classes have too few colours and shapes", label_names.len());
            return refuse(problem, "show the vectors of 28 classes at most");
        }
        let pca = Pca::fit(vectors, 2)?;
        let points = pca.transform(vectors)?.into_iter().map(|place| (place[0], place[1])).collect();
        let explained = [pca.explained_variance_ratio()[0], pca.explained_variance_ratio()[1]];
        Ok(Self {
            title: title.into(),
            points,
            explained,
            labels: labels.to_vec(),
            label_names: label_names.to_vec(),
            size: None,
        })
    }

    fn axis(&self, component: usize, pixels: u32) -> Axis {
        let values = self.points.iter().map(|point| if component == 0 { point.0 } else { point.1 });
        let (low, high) = range(values);
        let room = 0.05 * (high - low);
        let (min, max) = (low - room, high + room);
        let label = format!("component {}: {} of variance", component + 1, self.share(component));
        Axis { label, min, max, ticks: ticks::linear(min, max, (pixels / 90).clamp(2, 8) as usize, Unit::Plain) }
    }

    fn share(&self, component: usize) -> String {
        Unit::Percent.format_value(self.explained[component])
    }
}

impl Picture for EmbeddingMap {
    fn size(&self) -> (u32, u32) {
        self.size.unwrap_or((680, 480))
    }

    fn title(&self) -> String {
        self.title.clone()
    }

    fn description(&self) -> String {
        let of = |(class, name): (usize, &String)| {
            let rows = || (0..self.labels.len()).filter(|&row| self.labels[row] == class);
            let count = rows().count();
            let mean = |place: fn(&(f64, f64)) -> f64| {
                let mean = rows().map(|row| place(&self.points[row])).sum::<f64>() / count as f64;
                Unit::Plain.format_value(mean)
            };
            match count {
                0 => format!("{name}: {NO_DATA}"),
                count => format!("{name}: {} around {}, {}", grouped(count), mean(|p| p.0), mean(|p| p.1)),
            }
        };
        let classes: Vec<String> = self.label_names.iter().enumerate().map(of).collect();
        format!(
            "{} vectors along two principal components with {} and {} of the variance. {}.",
            grouped(self.points.len()),
            self.share(0),
            self.share(1),
            classes.join("; ")
        )
    }

    fn paint(&self, area: &Area<'_>) -> Result<()> {
        let (width, height) = area.dim_in_pixel();
        // Only for the legend, which stands above the plot.
        let class = |(class, name): (usize, &String)| Line {
            name: Some(name.clone()),
            points: Vec::new(),
            color: series_color(class),
            width: 0,
            mark: Some(mark(class)),
            mark_every: 1,
        };
        let panel = Panel {
            title: self.title.clone(),
            x: self.axis(0, width),
            y: self.axis(1, height),
            lines: self.label_names.iter().enumerate().map(class).collect(),
            markers: Vec::new(),
        };
        let (plane, _) = panel.draw_frame(area)?;
        let half = if self.points.len() > MANY { 3 } else { 4 };
        // In row order: no class lies on top of the others as a whole, and what is below shines through.
        for (point, &label) in self.points.iter().zip(&self.labels) {
            let fill = series_color(label).mix(0.65).filled();
            draw_mark_of(area, mark(label), plane.translate(point), fill, half)?;
        }
        Ok(())
    }
}

/// The shape of a class. Seven colours and four shapes have no divisor in common: counted up together, no pair of them
/// comes twice.
fn mark(class: usize) -> usize {
    class % SHAPES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_classes_look_alike() {
        let looks: std::collections::BTreeSet<_> =
            (0..MOST_CLASSES).map(|class| (class % PALETTE.len(), mark(class))).collect();
        assert_eq!(looks.len(), 28);
    }

    #[test]
    fn the_axes_say_what_is_shown() {
        let vectors: Vec<Vec<f32>> = [[3.0, 0.0, 0.0], [-3.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -1.0, 0.0]]
            .iter()
            .map(|vector| vector.to_vec())
            .collect();
        let names = ["across".to_owned(), "along".to_owned(), "never".to_owned()];
        let map = EmbeddingMap::new("Cross", &vectors, &[0, 0, 1, 1], &names).unwrap();
        let svg = map.to_svg().unwrap();
        assert!(svg.contains("component 1: 90.0 % of variance") && svg.contains("component 2: 10.0 %"));
        assert!(map.description().contains("across: 2 around 0, 0") && map.description().contains("never: no data"));
        // Two circles for the points of the first class and one in the legend; two squares and one besides the card.
        assert_eq!((svg.matches("<circle").count(), svg.matches("<rect").count()), (3, 4));
    }

    #[test]
    fn what_cannot_be_shown_is_refused() {
        let vectors = [vec![0.0, 1.0], vec![1.0, 0.0], vec![2.0, 2.0]];
        let name = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        let error = |vectors: &[Vec<f32>], labels: &[usize], names: usize| {
            EmbeddingMap::new("", vectors, labels, &name(names)).unwrap_err().to_string()
        };
        assert!(error(&vectors, &[0, 0], 1).contains("2 labels for 3 vectors"));
        assert!(error(&vectors, &[0, 0, 1], 1).contains("label 1 has no name"));
        assert!(error(&vectors, &[0, 0, 0], 29).contains("28 classes at most"));
        assert!(error(&vectors[..2], &[0, 0], 1).contains("2 components of 2 vectors"));
        assert!(error(&[vec![1.0], vec![2.0], vec![3.0]], &[0; 3], 1).contains("ask for 1 to 1"));
    }
}
