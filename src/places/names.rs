//! A place as a person would write it.

use maxminddb::geoip2::{City, Names, country::Country};

use crate::http::language::Language;

/// Characters of one name; real ones are shorter.
const LONGEST: usize = 60;

/// "Hangzhou, China" or "浙江 杭州": the town, and what tells it from others of
/// its name. In Chinese, a town in China stands with its province and any other
/// with its country.
pub(super) fn written(record: &City<'_>, language: Language) -> Option<String> {
    let country = country(record);
    let region = record.subdivisions.first().map(|region| &region.names);
    let region = region.and_then(|names| name(names, language));
    let town = name(&record.city.names, language);
    let country_name = name(&country.names, language);
    let (wide, near, between) = match language {
        Language::Zh if country.iso_code == Some("CN") => {
            let short = |name: String| name.trim_end_matches(['省', '市']).to_owned();
            let region = region.map(short);
            let town = town.map(short);
            if region.is_none() && town.is_none() {
                return country_name;
            }
            (region, town, " ")
        }
        Language::Zh => (country_name, town.or(region), " "),
        Language::En => (country_name, town.or(region), ", "),
    };
    match (wide, near) {
        // Cities that are their own province or country: 上海, Singapore.
        (Some(wide), Some(near)) if wide == near => Some(near),
        (Some(wide), Some(near)) if language == Language::En => {
            Some(format!("{near}{between}{wide}"))
        }
        (Some(wide), Some(near)) => Some(format!("{wide}{between}{near}")),
        (wide, near) => wide.or(near),
    }
}

/// Where the address is used, or at least where it is registered.
pub(super) fn country<'a>(record: &'a City<'_>) -> &'a Country<'a> {
    if record.country.iso_code.is_some() {
        &record.country
    } else {
        &record.registered_country
    }
}

/// The name in the reader's language, else in English, which files always have.
fn name(names: &Names<'_>, language: Language) -> Option<String> {
    let own = match language {
        Language::Zh => names.simplified_chinese,
        Language::En => names.english,
    };
    let name = own.or(names.english)?;
    let name = name.chars().filter(|character| !character.is_control());
    let name: String = name.take(LONGEST).collect();
    (!name.is_empty()).then_some(name)
}
