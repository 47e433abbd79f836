"""What stays in text of whole objects: reports, structure sets, segmentations, waveforms, presentation states."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pydicom
import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian, generate_uid

from dicom_deid.errors import BadInputError, Reason
from dicom_deid.header.presets import profile_named
from dicom_deid.header.stream import redact
from dicom_deid.pseudonyms import Pseudonymiser

STORAGE = "1.2.840.10008.5.1.4.1.1"
NAME = "Xylander"
"""A synthetic surname: it may be nowhere in an output."""


def coded(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def instance(sop_class: str, modality: str) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = UID(sop_class), generate_uid(entropy_srcs=["instance", sop_class])
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = (
        generate_uid(entropy_srcs=["a"]),
        generate_uid(entropy_srcs=["b"]),
    )
    dataset.Modality, dataset.PatientName, dataset.PatientID = modality, f"{NAME}^Ann", "P1"
    return dataset


def through(dataset: Dataset, profile: str, *, syntax: str = ExplicitVRLittleEndian) -> tuple[Dataset, bytes]:
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(syntax)
    source, target = BytesIO(), BytesIO()
    dataset.save_as(source, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True, enforce_file_format=True)
    source.seek(0)
    redact(source, target, profile_named(profile), Pseudonymiser(bytes(range(32)), "test"))
    written = target.getvalue()
    return pydicom.dcmread(BytesIO(written)), written


def structure_set() -> Dataset:
    dataset = instance(f"{STORAGE}.481.3", "RTSTRUCT")
    rois = []
    for number, name in enumerate(("Lung_L", "PTV_High", f"{NAME}_boost"), start=1):
        roi = Dataset()
        roi.ROINumber, roi.ROIName, roi.ReferencedFrameOfReferenceUID = number, name, "1.2.3"
        rois.append(roi)
    dataset.StructureSetROISequence = Sequence(rois)
    return dataset


def segmentation() -> Dataset:
    dataset = instance(f"{STORAGE}.66.4", "SEG")
    segments = []
    for number, label in enumerate(("Left kidney", f"{NAME} lesion", NAME), start=1):
        segment = Dataset()
        segment.SegmentNumber, segment.SegmentLabel, segment.SegmentAlgorithmType = number, label, "MANUAL"
        segment.SegmentedPropertyTypeCodeSequence = Sequence([coded("64033007", "SCT", f"Kidney of {NAME}")])
        segments.append(segment)
    dataset.SegmentSequence = Sequence(segments)
    return dataset


def waveform() -> Dataset:
    dataset = instance(f"{STORAGE}.9.1.1", "ECG")
    channels = []
    for label, code in (("Lead II", "5.6.3-9-2"), (f"{NAME} lead", "5.6.3-9-3")):
        channel = Dataset()
        channel.ChannelLabel = label
        channel.ChannelSourceSequence = Sequence([coded(code, "SCPECG", label)])
        channels.append(channel)
    group = Dataset()
    group.MultiplexGroupLabel, group.ChannelDefinitionSequence = "RHYTHM", Sequence(channels)
    dataset.WaveformSequence = Sequence([group])
    return dataset


def presentation_state() -> Dataset:
    dataset = instance(f"{STORAGE}.11.1", "PR")
    dataset.ContentLabel, dataset.ContentDescription = NAME.upper(), f"left lung for Dr {NAME}"
    layer, annotation, text = Dataset(), Dataset(), Dataset()
    layer.GraphicLayer, layer.GraphicLayerOrder, layer.GraphicLayerDescription = NAME.upper(), 1, NAME
    text.UnformattedTextValue = f"mass in left lung, Dr {NAME}"
    annotation.GraphicLayer, annotation.TextObjectSequence = NAME.upper(), Sequence([text])
    dataset.GraphicLayerSequence = Sequence([layer])
    dataset.GraphicAnnotationSequence = Sequence([annotation])
    return dataset


def report() -> Dataset:
    dataset = instance(f"{STORAGE}.88.33", "SR")
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = Sequence([coded("126000", "DCM", "Imaging Measurement Report")])
    finding, observer = Dataset(), Dataset()
    finding.RelationshipType, finding.ValueType = "CONTAINS", "TEXT"
    finding.ConceptNameCodeSequence = Sequence([coded("121071", "DCM", "Finding")])
    finding.TextValue = f"mass in left lung, told Dr {NAME}"
    observer.RelationshipType, observer.ValueType = "HAS OBS CONTEXT", "PNAME"
    observer.ConceptNameCodeSequence = Sequence([coded("121008", "DCM", "Person Observer Name")])
    observer.PersonName = f"{NAME}^Bob"
    dataset.ContentSequence = Sequence([finding, observer])
    return dataset


def key_objects() -> Dataset:
    dataset = report()
    dataset.SOPClassUID, dataset.Modality = f"{STORAGE}.88.59", "KO"
    image, referenced = Dataset(), Dataset()
    referenced.ReferencedSOPClassUID, referenced.ReferencedSOPInstanceUID = f"{STORAGE}.2", "1.2.3.4"
    image.RelationshipType, image.ValueType, image.ReferencedSOPSequence = "CONTAINS", "IMAGE", Sequence([referenced])
    dataset.ContentSequence.append(image)
    return dataset


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("profile", ["basic", "minimal", "research"])
@pytest.mark.parametrize("build", [structure_set, segmentation, waveform, presentation_state, key_objects])
def test_a_name_in_any_label_is_nowhere_in_the_output(build: Callable[[], Dataset], profile: str, syntax: str) -> None:
    _, written = through(build(), profile, syntax=syntax)
    assert NAME.encode().lower() not in written.lower()


def test_structure_names_stay_for_research_only() -> None:
    output, _ = through(structure_set(), "research")
    assert [roi.ROIName for roi in output.StructureSetROISequence] == ["Lung_L", "PTV_High", "boost"]
    output, _ = through(structure_set(), "basic")
    assert {roi.ROIName for roi in output.StructureSetROISequence} == {""}


def test_segments_keep_their_codes_and_the_known_part_of_their_labels() -> None:
    output, _ = through(segmentation(), "research")
    assert [segment.SegmentLabel for segment in output.SegmentSequence] == ["Left kidney", "lesion", "ANONYMIZED"]
    types = [segment.SegmentedPropertyTypeCodeSequence[0] for segment in output.SegmentSequence]
    assert {(code.CodeValue, code.CodeMeaning) for code in types} == {("64033007", "Kidney")}


def test_channels_keep_the_labels_of_leads() -> None:
    output, _ = through(waveform(), "research")
    channels = output.WaveformSequence[0].ChannelDefinitionSequence
    assert [channel.get("ChannelLabel", "") for channel in channels] == ["Lead II", "lead"]


def test_annotations_keep_their_layer_and_known_words() -> None:
    output, _ = through(presentation_state(), "research")
    annotation = output.GraphicAnnotationSequence[0]
    assert annotation.TextObjectSequence[0].UnformattedTextValue == "mass in left lung"
    assert annotation.GraphicLayer == output.GraphicLayerSequence[0].GraphicLayer != NAME.upper()


@pytest.mark.parametrize("profile", ["basic", "minimal", "research"])
def test_two_layers_that_share_their_known_words_stay_two(profile: str) -> None:
    dataset = presentation_state()
    layers = []
    for name in ("SMITH TEXT", "JONES TEXT"):
        layer = Dataset()
        layer.GraphicLayer, layer.GraphicLayerOrder = name, 1
        layers.append(layer)
    dataset.GraphicLayerSequence = Sequence(layers)
    output, _ = through(dataset, profile)
    names = {layer.GraphicLayer for layer in output.GraphicLayerSequence}
    assert len(names) == 2
    assert not [name for name in names if "SMITH" in name or not name]


@pytest.mark.parametrize("profile", ["minimal", "basic", "research"])
def test_optical_paths_keep_their_references(profile: str) -> None:
    dataset = instance(f"{STORAGE}.77.1.6", "SM")
    path, measurement = Dataset(), Dataset()
    path.OpticalPathIdentifier = f"{NAME} A"
    measurement.ReferencedOpticalPathIdentifier = ["1", f"{NAME} A"]
    dataset.OpticalPathSequence, dataset.AnnotationGroupSequence = Sequence([path]), Sequence([measurement])
    output, written = through(dataset, profile)
    (first, second) = output.AnnotationGroupSequence[0].ReferencedOpticalPathIdentifier
    assert first
    assert second == output.OpticalPathSequence[0].OpticalPathIdentifier != first
    assert NAME.encode() not in written


def test_a_report_keeps_its_known_words_and_no_person() -> None:
    output, written = through(report(), "research")
    assert output.ContentSequence[0].TextValue == "mass in left lung"
    assert NAME.encode() not in written


def test_a_report_is_refused_without_the_option() -> None:
    with pytest.raises(BadInputError) as refused:
        through(report(), "basic")
    assert refused.value.reason is Reason.UNSUPPORTED_SOP_CLASS


def test_key_objects_keep_their_references_remapped() -> None:
    output, _ = through(key_objects(), "basic")
    (image,) = [item for item in output.ContentSequence if item.ValueType == "IMAGE"]
    expected = Pseudonymiser(bytes(range(32)), "test").uid("1.2.3.4")
    assert image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == expected


def test_functional_groups_stay_as_they_are() -> None:
    dataset = instance(f"{STORAGE}.2.1", "CT")
    group, measures, frame, plane = Dataset(), Dataset(), Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.5, 0.5], "1.25"
    frame.FrameType, frame.PixelPresentation = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"], "MONOCHROME"
    plane.ImagePositionPatient = [1, 2, 3]
    group.PixelMeasuresSequence, group.CTImageFrameTypeSequence = Sequence([measures]), Sequence([frame])
    group.PlanePositionSequence = Sequence([plane])
    dataset.SharedFunctionalGroupsSequence = Sequence([group])
    for profile in ("basic", "research"):
        output, _ = through(dataset, profile)
        assert output.SharedFunctionalGroupsSequence == dataset.SharedFunctionalGroupsSequence
