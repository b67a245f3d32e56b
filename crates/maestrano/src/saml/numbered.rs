//! Texts that get a number when they come first, so that they are compared by their numbers afterwards.

use std::borrow::Cow;
use std::hash::BuildHasher as _;

use hashbrown::{DefaultHashBuilder, HashTable};

/// The number of a text. Equal texts have equal numbers.
pub(super) type Number = u32;

/// So many texts are compared one by one; more are looked up by their hash.
const FEW: usize = 8;

/// Texts in the order of their numbers.
pub(super) struct Numbered<'a> {
    texts: Vec<Cow<'a, str>>,
    by_hash: HashTable<Number>,
    hasher: DefaultHashBuilder,
}

impl<'a> Numbered<'a> {
    /// These texts, which are different, from 0 on.
    pub(super) fn new(texts: &[&'a str]) -> Self {
        let mut numbered = Self {
            texts: Vec::with_capacity(FEW),
            by_hash: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        };
        numbered.texts.extend(texts.iter().map(|text| Cow::Borrowed(*text)));
        numbered
    }

    /// The number of a text; a new one gets the next.
    pub(super) fn number(&mut self, text: Cow<'a, str>) -> Number {
        self.find(&text).unwrap_or_else(|| self.add(text))
    }

    /// The number of a text that has one.
    pub(super) fn find(&self, text: &str) -> Option<Number> {
        if self.texts.len() <= FEW {
            // By lengths first: they decide most comparisons without a look at the letters.
            let is_same = |known: &Cow<'_, str>| known.len() == text.len() && *known == text;
            let found = self.texts.iter().position(is_same)?;
            return Number::try_from(found).ok();
        }
        self.by_hash.find(self.hasher.hash_one(text), |number| self.text(*number) == text).copied()
    }

    /// The text with a number.
    pub(super) fn text(&self, number: Number) -> &str {
        self.texts.get(number as usize).map_or("", |text| text)
    }

    pub(super) fn len(&self) -> usize {
        self.texts.len()
    }

    /// The place of each number's text in the order of the texts.
    pub(super) fn ranks(&self) -> Vec<Number> {
        let mut sorted: Vec<usize> = (0..self.texts.len()).collect();
        sorted.sort_unstable_by_key(|number| self.texts.get(*number));
        let mut ranks = vec![0; sorted.len()];
        for (rank, number) in (0..).zip(sorted) {
            if let Some(place) = ranks.get_mut(number) {
                *place = rank;
            }
        }
        ranks
    }

    fn add(&mut self, text: Cow<'a, str>) -> Number {
        let number = self.texts.len();
        self.texts.push(text);
        if self.texts.len() > FEW {
            // The first that are too many bring the others along.
            let first = if self.by_hash.is_empty() { 0 } else { number };
            let Self { texts, by_hash, hasher } = self;
            let hash = |number: &Number| hasher.hash_one(texts.get(*number as usize).map_or("", |text| text));
            for number in (first..texts.len()).filter_map(|number| Number::try_from(number).ok()) {
                by_hash.insert_unique(hash(&number), number, hash);
            }
        }
        Number::try_from(number).unwrap_or(Number::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_have_equal_numbers_however_many_there_are() {
        let mut numbered = Numbered::new(&["", "xml"]);
        for round in 0..2 {
            for text in 0..100 {
                assert_eq!(numbered.number(format!("urn:{text}").into()), text + 2, "round {round}");
                assert_eq!(numbered.find("xml"), Some(1));
            }
        }
        assert_eq!((numbered.len(), numbered.text(2), numbered.text(999)), (102, "urn:0", ""));
        assert_eq!((numbered.find(""), numbered.find("urn:100")), (Some(0), None));
    }

    #[test]
    fn ranks_are_the_order_of_the_texts() {
        let numbered = Numbered::new(&["b", "", "c", "a"]);
        assert_eq!(numbered.ranks(), [2, 0, 3, 1]);
    }
}
