"""Labels read from a table, and boxes matched with them one to one."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from firmware_py.bench.sight_labels import boxes_in, data_in, matched, overlap
from firmware_py.errors import BenchError

SQUARE = (0.0, 0.0, 10.0, 10.0)
boxes = st.tuples(*(st.floats(0, 100),) * 2, *(st.floats(1, 100),) * 2).map(
    lambda b: (b[0], b[1], b[0] + b[2], b[1] + b[3])
)


def table(folder: Path, *rows: str, head: str = "filename,width,height,fingers,xmin,ymin,xmax,ymax") -> Path:
    (folder / "labels.csv").write_text("\n".join((head, *rows)) + "\n")
    return folder


def test_a_picture_has_a_box_for_each_row_and_pictures_come_by_name(tmp_path: Path) -> None:
    table(tmp_path, "b.jpg,800,600,2,1,2,30,40", "a.jpg,800,600,5,5,6,70,80", "b.jpg,800,600,0,100,2,130,40")
    assert boxes_in(tmp_path) == {"a.jpg": ((5, 6, 70, 80),), "b.jpg": ((1, 2, 30, 40), (100, 2, 130, 40))}


def test_other_columns_and_their_order_do_not_matter(tmp_path: Path) -> None:
    table(tmp_path, "9,8,a.jpg,1,2", head="xmax,ymax,filename,xmin,ymin")
    assert boxes_in(tmp_path) == {"a.jpg": ((1, 2, 9, 8),)}


def test_empty_corners_are_a_picture_without_hands(tmp_path: Path) -> None:
    assert boxes_in(table(tmp_path, "a.jpg,800,600,,,,,")) == {"a.jpg": ()}


@pytest.mark.parametrize(
    "row", ["a.jpg,1,1,1,x,2,3,4", "a.jpg,1,1,1,5,2,3,4", "a.jpg,1,1,1,5,2", "a.jpg,1,1,1,nan,2,3,4"]
)
def test_a_row_that_is_no_box_is_refused_with_its_line(row: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="line 3"):
        boxes_in(table(tmp_path, "a.jpg,1,1,1,1,2,3,4", row))


@pytest.mark.parametrize(("rows", "head"), [((), "filename,xmin,ymin,xmax,ymax"), (("a.jpg,1",), "filename,xmin")])
def test_a_table_without_rows_or_columns_is_refused(rows: tuple[str, ...], head: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError):
        boxes_in(table(tmp_path, *rows, head=head))


def test_data_lies_in_the_folder_itself_or_in_hands_and_clips(tmp_path: Path) -> None:
    (tmp_path / "hands").mkdir()
    (tmp_path / "clips").mkdir()
    (tmp_path / "clips" / "b.MP4").touch()
    (tmp_path / "clips" / "notes.txt").touch()
    table(tmp_path / "hands", "a.jpg,1,1,1,1,2,3,4")
    whole, alone = data_in(tmp_path), data_in(tmp_path / "hands")
    assert [picture.file for picture in whole.pictures] == [tmp_path / "hands" / "a.jpg"]
    assert [clip.name for clip in whole.clips] == ["b.MP4"]
    assert (alone.pictures, alone.clips) == (whole.pictures, ())


def test_a_folder_without_labels_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="--data"):
        data_in(tmp_path)


def test_overlap_is_known_for_known_boxes() -> None:
    assert overlap(SQUARE, SQUARE) == 1
    assert overlap(SQUARE, (5.0, 0.0, 15.0, 10.0)) == pytest.approx(1 / 3)
    assert overlap(SQUARE, (10.0, 0.0, 20.0, 10.0)) == 0


def test_one_large_box_meets_one_of_two_hands() -> None:
    labels = [(0.0, 0.0, 10.0, 10.0), (10.0, 0.0, 21.0, 10.0)]
    assert sorted(n is None for _, n in matched(labels, [(0.0, 0.0, 20.0, 10.0)])) == [False, True]


def test_the_better_pair_is_taken_first() -> None:
    labels, seen = [(0.0, 0.0, 10.0, 10.0), (2.0, 0.0, 12.0, 10.0)], [(2.0, 0.0, 12.0, 10.0)]
    assert matched(labels, seen) == [(0.0, None), (1.0, 0)]


@given(st.lists(boxes, max_size=4), st.lists(boxes, max_size=4))
def test_every_label_is_answered_and_no_box_is_used_twice(labels: list, seen: list) -> None:
    pairs = matched(labels, seen)
    used = [n for _, n in pairs if n is not None]
    assert len(pairs) == len(labels)
    assert len(set(used)) == len(used)
    for label, (fit, n) in zip(labels, pairs, strict=True):
        assert fit == (overlap(label, seen[n]) if n is not None else 0.0)
