package dev.sluice.format;

import java.util.List;

/** How questions are written in one form. */
interface Form {
    /** The question in the caller's body. @throws dev.sluice.wire.Refusal when another form has no word for it */
    default Question read(byte[] body, boolean stream) {
        throw new IllegalStateException("no caller asks in this form");
    }

    /**
     * The body for a vendor.
     *
     * @param model the vendor's name of it
     * @param quirks the vendor's departures from the form
     * @throws dev.sluice.wire.Refusal when this form has no word for what is asked
     */
    byte[] write(Question question, ToolNames names, String model, List<String> quirks);

    /** The names that tools get in this form. */
    default ToolNames names(Conversation conversation) {
        return new ToolNames(conversation.toolNames(), LETTERS, 64);
    }

    /** What every vendor takes. */
    java.util.regex.Pattern LETTERS = java.util.regex.Pattern.compile("[^a-zA-Z0-9_-]");
}
