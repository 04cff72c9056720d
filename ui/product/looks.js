// One of the pictures is the value.
const radios = [...element.querySelectorAll('input[type=radio]')];
const take = () => { for (const radio of radios) radio.checked = radio.value === props.value; };
element.addEventListener('change', (event) => { if (event.target.checked) props.value = event.target.value; });
watch('value', take);
take();
