from visavis.knowledge.chunks import OVERLAP, SIZE, Chunk, chunks, size
from visavis.knowledge.sections import Section

SENTENCES = [f"This is sentence number {number} of a longer text." for number in range(60)]


def test_given_a_short_section_when_cut_then_it_is_one_chunk_under_its_heading() -> None:
    assert chunks([Section("Hours", "Open daily.\nClosed on Sunday.")]) == [
        Chunk("Hours", "Open daily.\nClosed on Sunday.")
    ]


def test_given_a_long_section_when_cut_then_every_sentence_is_whole_and_the_chunks_overlap() -> None:
    found = chunks([Section("Long", " ".join(SENTENCES))])
    assert len(found) > 3
    for before, after in zip(found, found[1:], strict=False):
        last = before.text.split(". ")[-1].rstrip(".")
        assert last in after.text
    for sentence in SENTENCES:
        assert any(sentence in chunk.text for chunk in found)
    assert max(size(chunk.text) for chunk in found) <= SIZE + OVERLAP


def test_given_chinese_when_cut_then_a_character_counts_as_three() -> None:
    found = chunks([Section("", "图书馆每周二至周五上午九点开放。" * 40)])
    assert len(found) > 2
    assert max(len(chunk.text) for chunk in found) <= SIZE / 3 + 20


def test_given_one_endless_sentence_when_cut_then_it_is_cut_all_the_same() -> None:
    assert max(len(chunk.text) for chunk in chunks([Section("", "word " * 2000)])) <= SIZE


def test_given_no_text_when_cut_then_there_is_no_chunk() -> None:
    assert chunks([Section("Empty", " \n ")]) == []
