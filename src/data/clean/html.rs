//! Text out of HTML: tags go, entities become characters.
//!
//! Only what the HTML standard names as an element is a tag: `a < b` and `Vec<String>` stay as they are.

/// Elements that begin a line of their own.
const BLOCKS: [&str; 33] = [
    "address",
    "article",
    "aside",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "header",
    "hr",
    "li",
    "main",
    "nav",
    "ol",
    "p",
    "pre",
    "section",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
];

/// Elements within a line, or that only hold others.
const INLINE: [&str; 43] = [
    "a",
    "abbr",
    "b",
    "big",
    "body",
    "button",
    "center",
    "cite",
    "code",
    "del",
    "em",
    "figcaption",
    "figure",
    "font",
    "head",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "kbd",
    "label",
    "link",
    "mark",
    "meta",
    "object",
    "q",
    "s",
    "samp",
    "script",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "title",
    "tt",
    "u",
    "video",
];

/// The entities of the characters U+00A0 to U+00FF, in order.
const LATIN_1: &str = "nbsp iexcl cent pound curren yen brvbar sect uml copy ordf laquo not shy reg macr deg plusmn sup2 \
    sup3 acute micro para middot cedil sup1 ordm raquo frac14 frac12 frac34 iquest Agrave Aacute Acirc Atilde Auml Aring \
    AElig Ccedil Egrave Eacute Ecirc Euml Igrave Iacute Icirc Iuml ETH Ntilde Ograve Oacute Ocirc Otilde Ouml times \
    Oslash Ugrave Uacute Ucirc Uuml Yacute THORN szlig agrave aacute acirc atilde auml aring aelig ccedil egrave eacute \
    ecirc euml igrave iacute icirc iuml eth ntilde ograve oacute ocirc otilde ouml divide oslash ugrave uacute ucirc \
    uuml yacute thorn yuml";

/// The text that a browser would show, on one line or more; nothing when there is no markup in it.
pub(super) fn without_markup(text: &str) -> Option<String> {
    if !text.contains(['<', '&']) {
        return None;
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['<', '&']) {
        new.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some((length, shown)) = tag(rest).or_else(|| entity(rest)) {
            new.extend(shown);
            rest = &rest[length..];
        } else {
            new.push_str(&rest[..1]);
            rest = &rest[1..];
        }
    }
    new.push_str(rest);
    Some(new).filter(|new| new != text)
}

/// The length of the tag or comment that `text` begins with, and what stands for it.
fn tag(text: &str) -> Option<(usize, Option<char>)> {
    if let Some(comment) = text.strip_prefix("<!--") {
        return comment.find("-->").map(|end| (end + 7, None));
    }
    let inner = text.strip_prefix('<')?;
    let closing = inner.starts_with('/');
    let inner = inner.trim_start_matches('/');
    let name_end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '!')?;
    let name = inner[..name_end].to_ascii_lowercase();
    if !inner[name_end..].starts_with(['>', '/', ' ', '\t', '\n', '\r']) {
        return None;
    }
    let block = BLOCKS.contains(&name.as_str());
    if !block && !INLINE.contains(&name.as_str()) && name != "!doctype" {
        return None;
    }
    let mut quote = None;
    let end = text.char_indices().find_map(|(at, c)| match (quote, c) {
        (None, '>') => Some(at + 1),
        (None, '"' | '\'') => {
            quote = Some(c);
            None
        }
        (Some(open), _) if open == c => {
            quote = None;
            None
        }
        _ => None,
    })?;
    // What a script or a style sheet says is not shown.
    if !closing && (name == "script" || name == "style") {
        let close = format!("</{name}");
        let lower = text[end..].to_ascii_lowercase();
        let close = end + lower.find(&close)?;
        return Some((close + text[close..].find('>')? + 1, None));
    }
    Some((end, block.then_some('\n')))
}

/// The length of the entity that `text` begins with, and its character.
fn entity(text: &str) -> Option<(usize, Option<char>)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(10).position(|byte| byte == b';')?;
    let name = &inner[..end];
    let character = match name.strip_prefix('#') {
        Some(number) => {
            let number = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?).filter(|c| !c.is_control() || c.is_whitespace())?
        }
        None => named(name)?,
    };
    Some((end + 2, Some(character)))
}

fn named(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "ndash" => '–',
        "mdash" => '—',
        "lsquo" => '‘',
        "rsquo" => '’',
        "sbquo" => '‚',
        "ldquo" => '“',
        "rdquo" => '”',
        "bdquo" => '„',
        "hellip" => '…',
        "bull" => '•',
        "euro" => '€',
        "trade" => '™',
        "larr" => '←',
        "rarr" => '→',
        "le" => '≤',
        "ge" => '≥',
        "ne" => '≠',
        "minus" => '−',
        "infin" => '∞',
        "OElig" => 'Œ',
        "oelig" => 'œ',
        "Scaron" => 'Š',
        "scaron" => 'š',
        "ensp" => '\u{2002}',
        "emsp" => '\u{2003}',
        "zwnj" => '\u{200c}',
        "zwj" => '\u{200d}',
        _ => {
            let place = LATIN_1.split(' ').position(|known| known == name)?;
            char::from_u32(0xa0 + place as u32)?
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_and_entities_become_characters() {
        let text = "<p class=\"a>b\">Caf&eacute; &amp; bar</p><!-- no --><b>it&#39;s</b> &#x20AC;5<br/>&lt;b&gt;";
        assert_eq!(without_markup(text).as_deref(), Some("\nCafé & bar\nit's €5\n<b>"));
        assert_eq!(without_markup("<STYLE>p {}</Style>x<script>a<b</script>y").as_deref(), Some("xy"));
        assert_eq!(without_markup("&yuml;&nbsp;&szlig;").as_deref(), Some("ÿ\u{a0}ß"));
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in ["a < b && c > d", "Vec<String>", "R&D; AT&T", "&nosuch; &#0; &#xd800; &", "<b", "<script>", "<ü>"]
        {
            assert_eq!(without_markup(text), None, "{text}");
        }
    }

    #[test]
    fn the_list_of_latin_letters_is_whole() {
        assert_eq!(LATIN_1.split(' ').count(), 96);
        assert_eq!((named("times"), named("thorn")), (Some('×'), Some('þ')));
    }
}
