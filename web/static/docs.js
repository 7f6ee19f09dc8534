// Finds in the documentation: what does not hold all the words is hidden, in the contents and in the text.

const field = document.getElementById("filter");
const found = document.getElementById("found");
const entries = [...document.querySelectorAll("nav li[data-for]")].map((item) => {
  const article = document.getElementById(item.dataset.for);
  return { item, article, text: `${item.dataset.for} ${article.innerText}`.toLowerCase() };
});

function find() {
  const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { item, article, text } of entries) {
    const fits = words.every((word) => text.includes(word));
    item.hidden = article.hidden = !fits;
    count += fits;
  }
  for (const part of document.querySelectorAll("nav details, main section[aria-label]")) {
    const own = part.querySelectorAll("li[data-for], article");
    part.hidden = own.length > 0 && [...own].every((one) => one.hidden);
  }
  found.hidden = words.length === 0;
  found.textContent = `${count} of ${entries.length}`;
}

field.addEventListener("input", find);
addEventListener("hashchange", () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target?.closest("[hidden]")) {
    field.value = "";
    find();
    target.scrollIntoView();
  }
});
addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== field) {
    event.preventDefault();
    field.focus();
  }
});
