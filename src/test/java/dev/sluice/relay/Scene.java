package dev.sluice.relay;

import java.util.List;

/** What a vendor answers, the same in every form. */
enum Scene {
    /** Text with characters of two, three and four bytes, quotes and a line break. */
    TEXT(new Heard("Héllo, 世界 \"you\" 😀\nbye", "", List.of(), "end", 120, 80, 15)),
    /** Two tool calls at once after some text; the second has no arguments. */
    TOOLS(new Heard(
            "Let me look.",
            "",
            List.of(new Heard.Called("get_time", "{\"zone\":\"UTC\"}"), new Heard.Called("get_place", "{}")),
            "tools",
            120,
            80,
            15)),
    THINKING(new Heard("Four.", "Two and two.", List.of(), "end", 120, 80, 15)),
    LENGTH(new Heard("Once upon", "", List.of(), "length", 120, 80, 15)),
    FILTERED(new Heard("No", "", List.of(), "filtered", 120, 80, 15));

    final Heard heard;

    Scene(Heard heard) {
        this.heard = heard;
    }
}
