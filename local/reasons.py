"""What each reason code means to the person who handed the file in, and what they can do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from dicom_deid.errors import Reason

MEANINGS: Final[Mapping[Reason, str]] = {
    Reason.NOT_DICOM: "No DICOM object: left out. Nothing to do, unless you expected an image here.",
    Reason.PARSE_ERROR: "The file is damaged, or cut off: fetch it from the archive again.",
    Reason.UNSUPPORTED_TRANSFER_SYNTAX: "A compression that cannot be cleaned, such as video: ask the archive to send "
    "it uncompressed or as JPEG 2000, or leave it out.",
    Reason.UNSUPPORTED_SOP_CLASS: "A kind of object whose content cannot be cleaned whole, such as a report with free "
    "text. A profile that cleans structured content (research) takes more of them.",
    Reason.DICOMDIR_NOT_SUPPORTED: "The table of contents of a disc; the images that it lists are taken by "
    "themselves. Nothing to do.",
    Reason.ENCAPSULATED_DOCUMENT: "A PDF, CDA or STL inside a DICOM file: it cannot be looked through. Leave it out.",
    Reason.TOO_LARGE: "Larger than this tool takes, or more than the memory holds.",
    Reason.FRAME_COUNT_MISMATCH: "The file says another number of frames than it has: fetch it again.",
    Reason.CODEC_ERROR: "The pixels cannot be decoded, or not without a doubt: fetch the file again.",
    Reason.EMBEDDED_OVERLAY: "Text or drawings may hide in unused bits of the pixels, and the header alone cannot be "
    "cleaned of them: take it through the command run.",
    Reason.TRUNCATED_TEXT_DETECTION: "More text than the text service reads at once: a person must look.",
    Reason.LOW_CONFIDENCE_PHI: "Text that may be about the patient, and nobody has approved its boxes.",
    Reason.RECOGNIZABLE_FACE: "The face may be recognised: a person must look.",
    Reason.SLIDE_LABEL: "The picture of a slide's label: it is never released.",
    Reason.REVIEW_REJECTED: "A person refused it.",
    Reason.REVIEW_EXPIRED: "Nobody decided in time: start it again and decide.",
    Reason.VERIFY_LEAK: "The finished file still held something that identifies: it was not released. Please report "
    "it, without the file.",
    Reason.VERIFY_TEXT: "Text was still readable after it was blacked out, also the second time.",
    Reason.VERIFY_PIXELS: "Pixels changed outside of the boxes: it was not released. Please report it, without the "
    "file.",
    Reason.VERIFY_PARSE: "The finished file would not be a valid one: it was not released.",
    Reason.VERIFY_EVIDENCE: "What was done could not be shown: it was not released.",
    Reason.VERIFY_VIEW: "A project's profile would show something that identifies: see that profile.",
    Reason.SOP_INSTANCE_CONFLICT: "Another file says that it is the same image, and has other content. The first one "
    "was released: find out which is right.",
    Reason.MALWARE: "The scanner found malware: tell your security team.",
    Reason.WITHDRAWN: "A custodian took the release back: nobody sees it any more. Ask them why.",
    Reason.SERVICE_UNAVAILABLE: "A service or the file system did not answer: a share that was away, a file or folder "
    "that you may not read. Put it right and run again.",
    Reason.INTERNAL: "A fault of this tool, or of the machine (a full disk): the next run takes it up again. Please "
    "report it, without the file.",
}
