// The knowledge check in the page: grades choices and numbers, reveals the key points of short answers, remembers
// answers in this browser. No library, no network; works from file://.
(function () {
    "use strict";

    // Storage may be closed to a page (private window, file://): then answers are simply not remembered.
    var store = {
        key: function (form) { return "tunebook:answer:" + form.dataset.question; },
        load: function (form) {
            try { return JSON.parse(localStorage.getItem(this.key(form))); } catch (e) { return null; }
        },
        save: function (form, value) {
            try { localStorage.setItem(this.key(form), JSON.stringify(value)); } catch (e) { /* not remembered */ }
        },
        clear: function (form) {
            try { localStorage.removeItem(this.key(form)); } catch (e) { /* nothing was remembered */ }
        }
    };

    function inputs(form) { return Array.prototype.slice.call(form.querySelectorAll(".tb-option input")); }
    function field(form) { return form.querySelector(".tb-field input, .tb-field textarea"); }

    function answerOf(form) {
        var text = field(form);
        if (text) { return text.value; }
        return inputs(form).filter(function (i) { return i.checked; }).map(function (i) { return i.value; });
    }

    function setAnswer(form, answer) {
        var text = field(form);
        if (text) { text.value = typeof answer === "string" ? answer : ""; return; }
        inputs(form).forEach(function (i) { i.checked = Array.isArray(answer) && answer.indexOf(i.value) >= 0; });
    }

    function say(form, good, words, html) {
        var feedback = form.querySelector(".tb-feedback");
        feedback.textContent = "";
        var line = document.createElement("p");
        var strong = document.createElement("strong");
        strong.className = good === true ? "tb-good" : good === false ? "tb-bad" : "";
        strong.textContent = words;
        line.appendChild(strong);
        if (html) {
            var more = document.createElement("span");
            more.innerHTML = " " + html;
            line.appendChild(more);
        }
        feedback.appendChild(line);
    }

    function clean(form) {
        form.querySelector(".tb-feedback").textContent = "";
        form.querySelector(".tb-explanation").hidden = true;
        form.querySelector(".tb-again").hidden = true;
        form.querySelectorAll(".tb-mark").forEach(function (m) { m.remove(); });
        form.querySelectorAll(".tb-why").forEach(function (w) { w.hidden = true; });
        form.querySelectorAll(".tb-option").forEach(function (o) { o.classList.remove("tb-is-right", "tb-is-wrong"); });
    }

    function mark(option, right, words) {
        option.classList.add(right ? "tb-is-right" : "tb-is-wrong");
        var note = document.createElement("span");
        note.className = "tb-mark";
        note.textContent = words;
        option.querySelector("label").appendChild(note);
        var why = option.querySelector(".tb-why");
        if (why) { why.hidden = false; }
    }

    function gradeChoice(form) {
        var all = inputs(form);
        var chosen = all.filter(function (i) { return i.checked; });
        if (chosen.length === 0) {
            say(form, null, form.dataset.kind === "many" ? "Choose every option that is right." : "Choose an option.");
            return null;
        }
        var right = all.filter(function (i) { return i.hasAttribute("data-right"); });
        var hits = chosen.filter(function (i) { return i.hasAttribute("data-right"); });
        var good = hits.length === right.length && chosen.length === right.length;
        chosen.forEach(function (i) {
            var isRight = i.hasAttribute("data-right");
            mark(i.closest(".tb-option"), isRight, isRight ? "\u2713 right" : "\u2717 not right");
        });
        if (good) {
            say(form, true, "Right.");
        } else if (form.dataset.kind === "many") {
            say(form, false, hits.length + " of " + right.length + " right options found, " +
                (chosen.length - hits.length) + " wrong ones chosen.");
        } else {
            say(form, false, "Not right.");
        }
        return good;
    }

    // Reads 1032, 1,032, 128 * 8 + 8 = 1032, 1.5k, 4000 KB. Null when there is no number.
    function readNumber(text, units) {
        var result = text.split("=").pop().replace(/\u2212/g, "-");
        var found = result.match(/[-+]?(?:\d{1,3}(?:[,_ \u00a0\u202f]\d{3})+|\d+)?(?:\.\d+)?(?:[eE][-+]?\d+)?/g) || [];
        var number = found.filter(function (part) { return /\d/.test(part); }).pop();
        if (number === undefined) { return null; }
        var value = parseFloat(number.replace(/[,_ \u00a0\u202f]/g, ""));
        var rest = result.slice(result.lastIndexOf(number) + number.length);
        var known = false;
        (rest.match(/%|[A-Za-z\u00b5\u03bc]+/g) || []).slice(0, 2).forEach(function (word) {
            var name = Object.keys(units).find(function (u) { return u === word; }) ||
                Object.keys(units).find(function (u) { return u.toLowerCase() === word.toLowerCase(); });
            if (name !== undefined) { value *= units[name]; known = true; }
            else if (/^(k|thousand)$/i.test(word)) { value *= 1e3; }
            else if (/^(M|million)$/.test(word)) { value *= 1e6; }
        });
        return { value: value, unit: known };
    }

    function gradeNumber(form) {
        var data = field(form).dataset;
        var read = readNumber(field(form).value, JSON.parse(data.units || "{}"));
        if (read === null) { say(form, null, "Write a number."); return null; }
        var tolerance = Math.max(parseFloat(data.tolerance), 1e-9);
        function close(value) { return Math.abs(read.value - value) <= tolerance; }
        if (data.unitRequired === "true" && !read.unit) { say(form, false, "The unit is missing."); return false; }
        if (close(parseFloat(data.value))) { say(form, true, "Right."); return true; }
        var mistake = JSON.parse(data.mistakes || "[]").find(function (m) { return close(m[0]); });
        say(form, false, "Not right.", mistake ? mistake[1] : "");
        return false;
    }

    function gradeShort(form) {
        if (field(form).value.trim() === "") { say(form, null, "Write your answer first."); return null; }
        say(form, undefined, "Compare your answer with these points.");
        return undefined;
    }

    function grade(form) {
        clean(form);
        var kind = form.dataset.kind;
        var good = kind === "number" ? gradeNumber(form) : kind === "short" ? gradeShort(form) : gradeChoice(form);
        if (good === null) { return; }
        form.querySelector(".tb-explanation").hidden = false;
        form.querySelector(".tb-again").hidden = false;
        store.save(form, { answer: answerOf(form), checked: true });
    }

    document.querySelectorAll("form.tb-question").forEach(function (form) {
        form.addEventListener("submit", function (event) { event.preventDefault(); grade(form); });
        form.querySelector(".tb-again").addEventListener("click", function () {
            clean(form);
            setAnswer(form, null);
            store.clear(form);
            (field(form) || inputs(form)[0]).focus();
        });
        form.addEventListener("input", function () { store.save(form, { answer: answerOf(form), checked: false }); });
        // mdBook listens to s, ? and arrows on the page: typing an answer must not turn it.
        form.addEventListener("keydown", function (event) { event.stopPropagation(); });
        var before = store.load(form);
        if (before) {
            setAnswer(form, before.answer);
            if (before.checked) { grade(form); }
        }
    });
})();
