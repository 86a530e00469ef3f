package dev.sluice.admin;

import dev.sluice.wire.Objection;
import java.util.List;

/** A request whose body or query is wrong, with each fault by its field. An answer, no bug. */
final class Invalid extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** One field that is wrong, what was given, and what would be right: in words, and as the rule's label and values. */
    record Fault(String field, String message, String rule, List<Object> values) {
        static Fault of(String field, Rule rule, String message, Object... values) {
            return new Fault(field, message, rule.label, List.of(values));
        }
    }

    private final transient List<Fault> faults;

    Invalid(List<Fault> faults) {
        this(
                "Some fields are wrong: "
                        + String.join(
                                ", ",
                                faults.stream().map(Fault::field).distinct().toList()),
                faults);
    }

    private Invalid(String message, List<Fault> faults) {
        super(message, null, false, false);
        this.faults = List.copyOf(faults);
    }

    static Invalid body(String message) {
        return new Invalid(message, List.of());
    }

    static Invalid field(String field, Rule rule, String message) {
        return new Invalid(List.of(Fault.of(field, rule, message)));
    }

    Objection objection() {
        return faults.isEmpty() ? Objection.NOT_JSON : Objection.WRONG_FIELDS;
    }

    List<Fault> faults() {
        return faults;
    }
}
