//! Records that programs write: CSV, JSON, SQL, markup, and binary structures.

use super::{Content, Random, Words, fill, single, variants};

pub(super) const CONTENTS: &[Content] = &[
    single("CSV", csv),
    single("CSV of numbers", csv_of_numbers),
    single("JSON lines", json_lines),
    single("nested JSON", nested_json),
    single("SQL inserts", sql_inserts),
    single("XML", xml),
    single("log of a server", server_log),
    variants("structures of as many bytes:", &[12, 24, 100], structures),
    single("sparse table", sparse_table),
    single("cells of a spreadsheet", cells),
    single("floating-point numbers", floating_point),
    single("pointers", pointers),
];

fn csv(_: usize) -> Vec<u8> {
    let (mut random, words, mut id) = (Random::new(21), Words::new(400), 0);
    fill(|out| {
        id += 1;
        let (name, city) = (words.pick(&mut random).to_owned(), words.pick(&mut random));
        let (price, day) = (random.small(100_000), random.below(28));
        let line = format!("{id},{name},{city},{}.{:02},2026-10-{:02}\n", price / 100, price % 100, day + 1);
        out.extend(line.into_bytes());
    })
}

fn csv_of_numbers(_: usize) -> Vec<u8> {
    let mut random = Random::new(22);
    fill(|out| {
        let fields: Vec<String> =
            (0..8).map(|i| format!("{}.{:03}", random.below(10 * i + 2), random.below(1000))).collect();
        out.extend(fields.join(",").into_bytes());
        out.push(b'\n');
    })
}

fn json_lines(_: usize) -> Vec<u8> {
    let (mut random, words, mut id) = (Random::new(23), Words::new(400), 100_000);
    fill(|out| {
        id += 1 + random.small(9);
        let (user, tag) = (words.pick(&mut random).to_owned(), words.pick(&mut random));
        let (ok, took) = (random.below(8) > 0, random.small(9000));
        let line = format!("{{\"id\":{id},\"user\":\"{user}\",\"tags\":[\"{tag}\"],\"ok\":{ok},\"took_ms\":{took}}}\n");
        out.extend(line.into_bytes());
    })
}

fn nested_json(_: usize) -> Vec<u8> {
    let (mut random, words) = (Random::new(24), Words::new(300));
    fill(|out| {
        let key = words.pick(&mut random).to_owned();
        let item = format!(
            "    {{\n      \"name\": \"{key}\",\n      \"position\": {{\n        \"x\": {},\n        \"y\": {}\n      }}\n    }},\n",
            random.below(2000),
            random.below(2000)
        );
        out.extend(item.into_bytes());
    })
}

fn sql_inserts(_: usize) -> Vec<u8> {
    let (mut random, words, mut id) = (Random::new(25), Words::new(500), 0);
    fill(|out| {
        id += 1;
        let title = words.text(&mut random, 3);
        let (amount, state) = (random.small(1_000_000), ["open", "paid", "sent"][random.below(3)]);
        let line = format!("INSERT INTO orders VALUES ({id}, '{}', {amount}, '{state}', NULL);\n", title.trim());
        out.extend(line.into_bytes());
    })
}

fn xml(_: usize) -> Vec<u8> {
    let (mut random, words) = (Random::new(26), Words::new(600));
    fill(|out| {
        let (name, kind) = (words.pick(&mut random).to_owned(), random.below(6));
        let item = format!(
            "  <entry kind=\"{kind}\">\n    <name>{name}</name>\n    <text>{}</text>\n  </entry>\n",
            words.text(&mut random, 8).trim()
        );
        out.extend(item.into_bytes());
    })
}

fn server_log(_: usize) -> Vec<u8> {
    let (mut random, words) = (Random::new(27), Words::new(200));
    let mut second = 0;
    fill(|out| {
        second += random.below(3);
        let address = format!("10.{}.{}.{}", random.small(4), random.small(50), random.below(256));
        let (page, size) = (words.pick(&mut random).to_owned(), random.small(60_000));
        let status = [200, 200, 200, 304, 404][random.below(5)];
        let (minute, second) = (second / 60 % 60, second % 60);
        let line = format!(
            "{address} - - [25/Nov/2026:13:{minute:02}:{second:02} +0000] \"GET /{page} HTTP/1.1\" {status} {size} \"-\" \"Mozilla/5.0\"\n"
        );
        out.extend(line.into_bytes());
    })
}

/// Structures of a number, a few flags, and padding.
fn structures(size: usize) -> Vec<u8> {
    let (mut random, mut id) = (Random::new(size), 0u32);
    fill(|out| {
        let end = out.len() + size;
        id += 1;
        out.extend(id.to_le_bytes());
        out.extend((random.small(70_000) as u32).to_le_bytes());
        out.extend([random.below(3) as u8, 1 << random.below(4)]);
        out.resize(end, 0);
    })
}

/// Rows of a number and eight text fields of fixed width, most of them empty.
fn sparse_table(_: usize) -> Vec<u8> {
    let (mut random, words, mut row) = (Random::new(29), Words::new(200), 0u32);
    fill(|out| {
        row += 1;
        out.extend(row.to_le_bytes());
        for _ in 0..8 {
            let end = out.len() + 60;
            if random.below(8) == 0 {
                out.extend(words.pick(&mut random).bytes());
            }
            out.resize(end, 0);
        }
    })
}

/// Cells of a table: a type, a length, the row, the column, a style and a number, as old spreadsheets have.
fn cells(_: usize) -> Vec<u8> {
    let (mut random, mut cell) = (Random::new(28), 0u16);
    fill(|out| {
        let (row, column) = (cell / 20, cell % 20);
        cell += 1;
        out.extend([0x7e, 0x02, 0x0a, 0x00]);
        out.extend([row, column, 15 + column % 4].into_iter().flat_map(u16::to_le_bytes));
        let value = [0, 100, u32::from(row) * 25, random.below(10_000) as u32][random.below(4)];
        out.extend(((value << 2) | 2).to_le_bytes());
    })
}

fn floating_point(_: usize) -> Vec<u8> {
    let (mut random, mut value) = (Random::new(29), 1000i32);
    fill(|out| {
        value += random.below(201) as i32 - 100;
        out.extend((f64::from(value) / 128.0).to_le_bytes());
    })
}

/// Addresses of 64 bits in a few regions.
fn pointers(_: usize) -> Vec<u8> {
    let mut random = Random::new(30);
    let regions = [0x7f32_1000_0000u64, 0x55d0_8000_0000, 0x7ffc_2000_0000];
    fill(|out| {
        let offset = 16 * random.small(1 << 16) as u64;
        out.extend((regions[random.below(3)] + offset).to_le_bytes());
    })
}
