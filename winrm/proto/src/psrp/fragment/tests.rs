use super::*;

fn fragment(object_id: u64, fragment_id: u64, flags: u8, data: &[u8]) -> Vec<u8> {
    let mut bytes = object_id.to_be_bytes().to_vec();
    bytes.extend(fragment_id.to_be_bytes());
    bytes.push(flags);
    bytes.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
    bytes.extend(data);
    bytes
}

fn messages(defragmenter: &mut Defragmenter) -> Result<Vec<Bytes>, FragmentError> {
    let mut messages = Vec::new();
    while let Some(message) = defragmenter.next_message()? {
        messages.push(message);
    }
    Ok(messages)
}

#[test]
fn what_is_cut_is_put_together_again() {
    let messages_in: Vec<Bytes> = [0, 1, 100, 5000].map(|length| vec![7; length].into()).to_vec();
    for room in [22, 23, 50, 121, 6000] {
        let mut stream = Vec::new();
        for (id, data) in (1..).zip(&messages_in) {
            let mut outgoing = Outgoing::new(id, data.clone());
            while !outgoing.write(room, &mut stream) {}
        }
        for chunk in [1, 20, 21, 22, 1000, stream.len()] {
            let mut defragmenter = Defragmenter::new(5000);
            let mut found = Vec::new();
            for bytes in stream.chunks(chunk) {
                defragmenter.push(bytes);
                found.extend(messages(&mut defragmenter).unwrap());
            }
            assert_eq!(found, messages_in, "room {room}, chunks of {chunk}");
            assert_eq!(defragmenter.finish(), Ok(()));
        }
    }
}

#[test]
fn without_room_nothing_is_written() {
    let mut out = Vec::new();
    assert!(!Outgoing::new(1, Bytes::from_static(b"x")).write(HEADER_LENGTH, &mut out));
    assert!(out.is_empty());
}

#[test]
fn fragments_that_do_not_fit_are_refused_for_good() {
    let start = fragment(1, 0, START, b"ab");
    let cases = [
        (vec![fragment(1, 1, END, b"x")], FragmentError::NoStart { object_id: 1 }),
        (vec![fragment(1, 1, START, b"x")], FragmentError::StartFlag { object_id: 1, fragment_id: 1 }),
        (vec![fragment(1, 0, END, b"x")], FragmentError::StartFlag { object_id: 1, fragment_id: 0 }),
        (vec![start.clone(), fragment(2, 0, 3, b"x")], FragmentError::Interleaved { open: 1, found: 2 }),
        (
            vec![start.clone(), fragment(1, 2, END, b"x")],
            FragmentError::OutOfOrder { object_id: 1, expected: 1, found: 2 },
        ),
        (
            vec![start.clone(), start.clone()],
            FragmentError::OutOfOrder { object_id: 1, expected: 1, found: 0 },
        ),
        (vec![start, fragment(1, 1, END, &[0; 99])], FragmentError::TooLong { limit: 100 }),
    ];
    for (fragments, error) in cases {
        let mut defragmenter = Defragmenter::new(100);
        defragmenter.push(&fragments.concat());
        assert_eq!(messages(&mut defragmenter), Err(error));
        defragmenter.push(&fragment(9, 0, 3, b"good"));
        assert_eq!(messages(&mut defragmenter), Err(error));
    }
}

#[test]
fn a_length_is_judged_before_its_data_comes() {
    let mut bytes = fragment(1, 0, 3, b"");
    bytes.splice(17..21, u32::MAX.to_be_bytes());
    let mut defragmenter = Defragmenter::new(1 << 20);
    defragmenter.push(&bytes);
    assert_eq!(defragmenter.next_message(), Err(FragmentError::TooLong { limit: 1 << 20 }));
}

#[test]
fn a_stream_that_ends_too_early_says_so() {
    for bytes in [fragment(1, 0, START, b"ab"), vec![0; 20], fragment(1, 0, 3, b"ab")[..22].to_vec()] {
        let mut defragmenter = Defragmenter::new(100);
        defragmenter.push(&bytes);
        assert_eq!(defragmenter.next_message(), Ok(None));
        assert_eq!(defragmenter.finish(), Err(FragmentError::Truncated));
    }
}
